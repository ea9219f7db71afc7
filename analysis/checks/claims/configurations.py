"""Join rows into configurations: means over seeds, and the noise of one training run."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.origin import (
    FIRST_RESULT,
    NUM_TEST,
    NUM_TRAIN,
    NUM_VAL,
    RESULT,
    SOURCE,
)
from analysis.checks.claims.outcome import named
from analysis.frames.columns import numbers
from analysis.frames.pairing import side_by_side
from analysis.frames.seeds import over_seeds, spread_column
from tune_app.study.selection import rank

_NOISE_GROUPS = ("dataset", "epochs")
"""Settings that the noise of a run depends on most; it is estimated for each combination."""
RESULTS, RUN_VARIANCE, RUN_DF, OF_SEEDS = "@results", "@run_variance", "@run_df", "@of_seeds"
NUM_ROWS = "@num_rows"
"""Columns of configurations, with the mark of ``analysis.checks.claims.origin``."""


def judged_by(evidence: Evidence) -> tuple[str, str]:
    """Return the metric to rank by, and the column with its number of images."""
    rows = evidence.rows
    if "val_accuracy" in rows and NUM_VAL in rows and rows["val_accuracy"].notna().all():
        return "val_accuracy", NUM_VAL
    return "test_accuracy", NUM_TEST


def no_share(evidence: Evidence, *metrics: str) -> str:
    """Say which metric is no share of images, so that no count tests it; empty if all are."""
    for metric in metrics:
        if not evidence.scale(metric).in_percent:
            return f"{named(metric)} is no fraction of the images from 0 to 1 in every row"
    return ""


def keys_of(evidence: Evidence) -> pd.Series[str]:
    """Return a text for each row that is the same for rows of one configuration."""
    keys = [name for name in (*evidence.settings, SOURCE) if name in evidence.rows]
    texts = (evidence.rows[name].map(str) for name in keys)
    return functools.reduce(lambda one, other: one + "\n" + other, texts)


def configurations_of(evidence: Evidence, metric: str, placebo: str) -> pd.DataFrame:
    """Return one row per configuration, with means over its seeds and the noise of a run.

    Args:
        evidence: rows with a finite ``metric``; copies of a result count once.
        metric: the metric to rank by; it and ``test_accuracy`` become means.
        placebo: a factor that changes nothing; with one seed the noise is estimated from it.

    Returns:
        The columns of the rows, ``num_seeds``, ``RESULTS`` (the frozen set of the row's results),
        ``RUN_VARIANCE``, the variance of the mean, ``RUN_DF``, its degrees of freedom, and
        ``OF_SEEDS``, whether it is the variance between seeds. That is pooled over the
        configurations of one data set and number of epochs, or over all if these have no
        replicates. Without any replicates the variance is that of the placebo's pairs, estimated
        robustly so that one failed training does not tie all runs; 0 if neither is known, or if
        all seeds of a configuration have one result. ``NUM_ROWS`` is the number of seeds with a
        result, equal ones included.
    """
    distinct = evidence.distinct()
    rows, keys = distinct.rows, keys_of(distinct)
    planned = keys_of(evidence).value_counts()[keys.drop_duplicates()]
    num_rows = np.asarray(planned, dtype=np.int64)
    measured = list(dict.fromkeys(name for name in (metric, "test_accuracy") if name in rows))
    joined = over_seeds(rows, measured, by=keys)
    joined[RESULTS] = rows[RESULT].groupby(keys, sort=False).agg(frozenset).to_numpy()
    spread = joined[spread_column(rows, metric)] ** 2
    has_seeds = bool(spread.notna().any())
    noise, joined[RUN_DF] = (
        between_seeds(joined, spread)
        if has_seeds
        else (_of_placebo(joined, evidence, metric, placebo), math.inf)
    )
    joined[NUM_ROWS] = num_rows
    fixed = _is_fixed(evidence, rows, keys, num_rows)
    joined[OF_SEEDS] = has_seeds | fixed
    joined[RUN_VARIANCE] = np.where(fixed, 0.0, noise / joined["num_seeds"].to_numpy())
    return joined


def best_of(configurations: pd.DataFrame, metric: str, mode: str = "max") -> pd.Series[Any]:
    """Return the best configuration by the rule of the report (``rank``).

    Only configurations with results at the most seeds are compared.

    Args:
        configurations: with ``NUM_ROWS``, in the declared order.
        metric: a metric that all of them have.
        mode: ``"max"`` or ``"min"``.
    """
    epochs = numbers(configurations, "milestone")
    candidates = zip(configurations[metric], epochs, configurations[NUM_ROWS], strict=True)
    ranks = [
        rank(float(score), mode, num_epochs, place, int(num_rows))
        for place, (score, num_epochs, num_rows) in enumerate(candidates)
    ]
    best: pd.Series[Any] = configurations.iloc[ranks.index(min(ranks))]
    return best


def _is_fixed(
    evidence: Evidence, distinct: pd.DataFrame, keys: pd.Series[str], num_rows: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for each configuration whether several seeds have one result, as of a solver."""
    results = keys.value_counts()[keys.drop_duplicates()]
    seeds = evidence.rows["seed"].nunique() if "seed" in evidence.rows else 1
    repeated = seeds > 1 and FIRST_RESULT in distinct
    found: NDArray[np.bool_] = (results.to_numpy() == 1) & (num_rows >= seeds)
    return found & repeated


def between_seeds(
    joined: pd.DataFrame, spread: pd.Series[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pooled variance between seeds and its degrees of freedom, by configuration."""
    groups = [joined[name].map(str) for name in _NOISE_GROUPS if name in joined]
    degrees = (joined["num_seeds"] - 1).astype(float)
    squares = (spread * degrees).fillna(0.0)
    all_squares, all_degrees = float(squares.sum()), float(degrees.sum())
    if groups:
        squares, degrees = (
            values.groupby(groups).transform("sum") for values in (squares, degrees)
        )
        squares = squares.where(degrees > 0, all_squares)
        degrees = degrees.where(degrees > 0, all_degrees)
    else:
        squares, degrees = squares * 0 + all_squares, degrees * 0 + all_degrees
    return np.asarray(squares / degrees, np.float64), np.asarray(degrees, np.float64)


def _of_placebo(
    joined: pd.DataFrame, evidence: Evidence, metric: str, placebo: str
) -> NDArray[np.float64]:
    rows = joined.copy()
    settings = [name for name in evidence.settings if name in rows and name != placebo]
    rows[settings] = rows[settings].map(str)
    groups = [name for name in _NOISE_GROUPS if name in settings]
    noise = np.zeros(len(rows))
    for _, group in rows.groupby(groups) if groups else [("", rows)]:
        noise[group.index] = noise_of_run(group, placebo, metric, settings) ** 2
    return noise


def noise_of_run(rows: pd.DataFrame, placebo: str, metric: str, settings: Sequence[str]) -> float:
    """Return the standard deviation of one run, from rows that differ only in the placebo.

    It is taken from the median absolute difference of their pairs, whose expected difference is
    zero. A few failed trainings hardly change it.

    Args:
        rows: one line per result, with unique index labels.
        placebo: a factor of two levels that changes nothing.
        metric: a column of numbers.
        settings: the columns that must agree within a pair; ``seed`` is always one, because means
            over seeds have less noise than a run.

    Returns:
        0 if there are no such pairs, or if rows share one result, which shows no noise.
    """
    from scipy import special

    levels = list(rows[placebo].dropna().unique()) if placebo in rows else []
    are_shared = "same_as" in rows and bool((rows["same_as"].fillna("") != "").any())
    if len(levels) != 2 or are_shared:
        return 0.0
    pairs = side_by_side(rows, placebo, levels, [*settings, *{"seed"}.intersection(rows)])
    first, second = (numbers(rows, metric).loc[pairs[side]].to_numpy() for side in (0, 1))
    sizes = np.abs(second - first)[np.isfinite(second - first)]
    return float(np.median(sizes) / special.ndtri(0.75) / math.sqrt(2)) if len(sizes) else 0.0


def same_size(first: pd.DataFrame, second: pd.DataFrame) -> list[pd.DataFrame]:
    """Keep the rows whose number of training images occurs on both sides.

    If no number occurs on both sides, keep all rows; the caller decides what that means.
    """
    common = set(first[NUM_TRAIN].dropna()) & set(second[NUM_TRAIN].dropna())
    if not common:
        return [first, second]
    return [side[side[NUM_TRAIN].isin(common)] for side in (first, second)]
