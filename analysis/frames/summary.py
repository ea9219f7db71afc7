"""The best configuration of each group, and how its training went."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import numbers, repeats, same_at_every_seed
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, measures_of, picked_by
from analysis.frames.selection import best_rows, contenders
from tune_app.study.measures import quantity_of
from tune_app.study.selection import group_names

CONVERGED_SHARE = 0.99
"""A training has converged once it is as good as its end, but for the rest of this share."""
NUM_LAST_EPOCHS = 3
"""The number of last epochs over which the stability of a training is measured."""


def groups_of(study: Study) -> list[str]:
    """Return the parameters for each of whose combinations a best configuration is picked."""
    return group_names(study.meta["space"], study.config_keys)


def candidates(study: Study) -> pd.DataFrame:
    """Return the rows that can be picked.

    A row that repeats another row's result is not a candidate: the two differ only in a parameter
    that changes nothing, and only chance would decide which value is called the best. A row that
    repeats the result of another seed is not a candidate either.
    """
    same = same_at_every_seed(study)
    return study.rows[(study.rows["same_as"] == "") & ~repeats(study, same)]


@lru_cache(maxsize=8)
def best_data(study: Study) -> pd.DataFrame:
    """Return the best configuration of each group, picked on validation, as ``best_rows`` does."""
    same = same_at_every_seed(study)
    return best_rows(candidates(study), groups_of(study), study.metric, study.mode, same=same)


@lru_cache(maxsize=8)
def compared(study: Study) -> frozenset[str]:
    """Return the config_ids from which the best are picked: those with results at enough seeds."""
    same = same_at_every_seed(study)
    return contenders(candidates(study), groups_of(study), study.metric, study.mode, same)


def curve(study: Study, trial_id: object, last_epoch: float) -> pd.DataFrame:
    """Return the epochs of a trial up to a milestone, in order; no rows if there are none."""
    epochs = study.epochs
    if "trial_key" not in epochs or pd.isna(last_epoch):
        return epochs.iloc[:0]
    mine = epochs[(epochs["trial_key"] == trial_id) & (epochs["epoch"] <= last_epoch)]
    return mine.sort_values("epoch")


def convergence_epoch(
    epochs: NDArray[Any], values: NDArray[Any], mode: str = "max"
) -> float | None:
    """Return the first epoch that is as good as the last one, to one percent of it.

    Args:
        epochs: (reports,), the epoch of each report; a function may report every tenth alone.
        values: (reports,), the objective after each of them.
        mode: ``max`` if a larger value is better, ``min`` if a smaller one is.
    """
    if len(values) == 0 or not np.isfinite(values[-1]):
        return None
    slack = (1 - CONVERGED_SHARE) * abs(values[-1])
    good = values >= values[-1] - slack if mode == "max" else values <= values[-1] + slack
    return float(epochs[np.flatnonzero(good)[0]])


@lru_cache(maxsize=8)
def summary_data(study: Study) -> pd.DataFrame:
    """Return how the trainings of the best configurations went, one row per group.

    Returns:
        The groups, ``config_id``, ``num_seeds``, ``peak`` (the best objective of any epoch),
        ``objective`` and ``shown`` (at the end; on test data, if there is such a measure),
        ``convergence_epoch``, ``num_epochs`` (reported), ``last_epoch``, ``last_epochs_sd`` (of
        the objective over the last three reported epochs), ``overfitting`` (by how much the
        objective's quantity is better on training data at the end), ``generalisation`` (by how
        much it is worse on test data), all of them means over the seeds, and ``seeds_sd`` (of
        ``shown`` over the seeds; NaN for one seed). Values in different units, such as 90.0 beside
        a share of 0.9, are not compared: their difference is NaN.
    """
    records = []
    for pick in best_data(study).to_dict("records"):
        rows = candidates(study)
        rows = rows[rows["config_id"] == pick["config_id"]]
        one_by_one = pd.DataFrame([_of_row(study, row) for row in rows.to_dict("records")])
        record = {name: pick[name] for name in groups_of(study)}
        record |= {"config_id": pick["config_id"], "num_seeds": pick["num_seeds"]}
        record |= {str(name): numbers(one_by_one, str(name)).mean() for name in one_by_one}
        shown = numbers(one_by_one, "shown")
        record["seeds_sd"] = 0.0 if _are_equal(shown) else shown.std(ddof=1)
        records.append(record)
    return pd.DataFrame(records)


def _are_equal(values: pd.Series[Any]) -> bool:
    """Return whether two or more values are equal; their mean may be off by a last digit."""
    known = values.dropna()
    return len(known) > 1 and known.nunique() == 1


def _of_row(study: Study, row: dict[Any, Any]) -> dict[str, Any]:
    epochs, quality = curve(study, row["trial_id"], row["milestone"]), picked_by(study)
    sign = 1 if study.mode == "max" else -1
    values = numbers(epochs, study.metric).to_numpy()
    trained = on_training(study)
    train = numbers(epochs, trained if _are_alike(study, trained) else "").to_numpy()
    # As a frame, so that ``numbers`` turns values that are not numbers into NaN.
    end = pd.DataFrame([row])
    objective, shown = (numbers(end, name).iloc[0] for name in quality)
    last = values[np.isfinite(values)][-NUM_LAST_EPOCHS:]  # a function may report every tenth
    return {
        "peak": sign * np.nanmax(sign * values) if np.isfinite(values).any() else np.nan,
        "objective": objective,
        "shown": shown,
        "convergence_epoch": convergence_epoch(
            numbers(epochs, "epoch").to_numpy(), values, study.mode
        ),
        "num_epochs": len(epochs),
        "last_epoch": numbers(epochs, "epoch").max(),
        "last_epochs_sd": np.std(last, ddof=1) if len(last) > 1 else np.nan,
        "overfitting": sign * ((train[-1] if len(train) else np.nan) - objective),
        "generalisation": sign * (objective - shown)
        if not quality.is_optimistic and _are_alike(study, quality.shown)
        else np.nan,
    }


def _are_alike(study: Study, name: str) -> bool:
    """Return whether a measure has the unit of the objective."""
    return measure_of(study, name).unit == measure_of(study, study.metric).unit


def on_training(study: Study) -> str:
    """Return the column with the objective's quantity on training data; empty without one."""
    measures, quantity = measures_of(study), quantity_of(study.metric)
    names = (str(n) for n in study.epochs if quantity_of(str(n)) == quantity)
    return next((name for name in names if measures.split(name) == "train"), "")
