"""Configurations over all data sets of a study: interquartile means and performance profiles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import finished, levels, numbers, repeats
from analysis.frames.load import Study
from analysis.frames.measures import is_share_in, picked_by
from analysis.frames.pairing import text_keys
from analysis.frames.tables import inert_axes
from analysis.stats import interquartile_mean, performance_profile, stratified_interval

QUARTILES = (0.25, 0.5, 0.75)
ABOVE = tuple(f"share_above_{quartile:g}" for quartile in QUARTILES)


def over_datasets(study: Study) -> pd.DataFrame:
    """Return each configuration's interquartile mean and profile over data sets and seeds.

    Returns:
        One line per configuration with a result at every data set and seed, the best first, as the
        study selects: the ``config_id`` on its first data set, ``num_datasets``, ``num_seeds``,
        ``iqm``, ``low``, ``high`` (its interval; NaN with fewer than six seeds) and ``ABOVE``, the
        shares of its runs that are better than the quartiles of all runs. The attribute
        ``thresholds`` of the frame has the quartiles, and ``num_left_out`` says how many
        configurations are left out. No lines with one data set or one seed, and
        for a measure that is no share: errors of 1 and of 1,000 have no middle half.
    """
    rows = finished(study)
    rows = rows[~repeats(study)[rows.index]]
    measures = picked_by(study)
    if "dataset" not in rows or not is_share_in(study, measures.shown):
        return pd.DataFrame()
    datasets, seeds = levels(rows, "dataset"), sorted(set(study.meta["seeds"]))
    if min(len(datasets), len(seeds)) < 2:
        return pd.DataFrame()
    sign = 1.0 if study.mode == "max" else -1.0
    found = []
    for group in _configurations(study, rows):
        shown, selected = (
            _cube(group, metric, datasets, seeds) for metric in (measures.shown, measures.selected)
        )
        if np.isfinite(shown).all() and np.isfinite(selected).all():
            score = sign * float(interquartile_mean(selected))
            found.append((score, str(group["config_id"].iloc[0]), sign * shown))
    if not found:
        return pd.DataFrame()
    found.sort(key=lambda entry: -entry[0])
    thresholds = np.quantile([runs for _, _, runs in found], QUARTILES)
    frame = pd.DataFrame(
        {
            "config_id": config_id,
            "num_datasets": len(datasets),
            "num_seeds": len(seeds),
            **_measured(runs, sign, thresholds),
        }
        for _, config_id, runs in found
    )
    own = study.rows[study.rows["same_as"] == ""]
    frame.attrs["num_left_out"] = int(own.groupby("dataset")["config_id"].nunique().max()) - len(
        found
    )
    frame.attrs["thresholds"] = [float(sign * value) for value in thresholds]
    return frame


def _configurations(study: Study, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each configuration, at all data sets and seeds."""
    names = [
        name
        for name in study.config_keys
        if name != "dataset" and name in rows and name not in inert_axes(study)
    ]
    keys = pd.Series(text_keys(rows, names), rows.index)
    return [group for _, group in rows.groupby(keys, sort=False)]


def _cube(
    group: pd.DataFrame, metric: str, datasets: list[Any], seeds: list[int]
) -> NDArray[np.float64]:
    """Return a measure as (data sets, seeds); NaN where there is no result, or more than one."""
    found = pd.DataFrame(
        {"dataset": group["dataset"], "seed": group["seed"], "value": numbers(group, metric)}
    ).drop_duplicates(["dataset", "seed"], keep=False)
    table = found.pivot(index="dataset", columns="seed", values="value")
    cube: NDArray[np.float64] = table.reindex(index=datasets, columns=seeds).to_numpy(dtype=float)
    return cube


def _measured(
    runs: NDArray[np.float64], sign: float, thresholds: NDArray[np.float64]
) -> dict[str, float]:
    ends = [sign * end for end in stratified_interval(runs)]
    low, high = (min(ends), max(ends)) if all(map(math.isfinite, ends)) else (math.nan, math.nan)
    above = performance_profile(runs, thresholds)
    return {
        "iqm": sign * float(interquartile_mean(runs)),
        "low": low,
        "high": high,
        **dict(zip(ABOVE, map(float, above), strict=True)),
    }
