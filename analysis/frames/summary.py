"""The best configuration of each group, and how its training went."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import numbers, repeats
from analysis.frames.load import Study
from analysis.frames.selection import best_rows
from tune_app.study.selection import group_names

CONVERGED_SHARE = 0.99
"""A training has converged once it reaches this share of its final validation accuracy."""
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
    return study.rows[(study.rows["same_as"] == "") & ~repeats(study)]


@lru_cache(maxsize=8)
def best_data(study: Study) -> pd.DataFrame:
    """Return the best configuration of each group, picked on validation, as ``best_rows`` does."""
    return best_rows(candidates(study), groups_of(study), study.metric, study.mode)


def curve(study: Study, trial_id: object, last_epoch: float) -> pd.DataFrame:
    """Return the epochs of a trial up to a milestone, in order; no rows if there are none."""
    epochs = study.epochs
    if "trial_key" not in epochs or pd.isna(last_epoch):
        return epochs.iloc[:0]
    mine = epochs[(epochs["trial_key"] == trial_id) & (epochs["epoch"] <= last_epoch)]
    return mine.sort_values("epoch")


def convergence_epoch(val_accuracies: NDArray[Any]) -> int | None:
    """Return the first epoch, from 1, that reaches 99 % of the final validation accuracy."""
    if len(val_accuracies) == 0 or not np.isfinite(val_accuracies[-1]):
        return None
    reached = np.flatnonzero(val_accuracies >= CONVERGED_SHARE * val_accuracies[-1])
    return int(reached[0]) + 1


@lru_cache(maxsize=8)
def summary_data(study: Study) -> pd.DataFrame:
    """Return how the trainings of the best configurations went, one row per group.

    Returns:
        The groups, ``config_id``, ``num_seeds``, ``peak_val_accuracy`` (highest of any epoch),
        ``val_accuracy`` and ``test_accuracy`` (at the end), ``convergence_epoch``, ``num_epochs``,
        ``last_epochs_sd`` (of the validation accuracy over the last three epochs),
        ``overfitting`` (training − validation accuracy at the end), ``generalisation`` (validation
        − test accuracy), all of them means over the seeds, and ``seeds_sd`` (of the test accuracy
        over the seeds; NaN for one seed).
    """
    records = []
    for pick in best_data(study).to_dict("records"):
        rows = candidates(study)
        rows = rows[rows["config_id"] == pick["config_id"]]
        one_by_one = pd.DataFrame([_of_row(study, row) for row in rows.to_dict("records")])
        record = {name: pick[name] for name in groups_of(study)}
        record |= {"config_id": pick["config_id"], "num_seeds": pick["num_seeds"]}
        record |= {str(name): numbers(one_by_one, str(name)).mean() for name in one_by_one}
        record["seeds_sd"] = numbers(one_by_one, "test_accuracy").std(ddof=1)
        records.append(record)
    return pd.DataFrame(records)


def _of_row(study: Study, row: dict[Any, Any]) -> dict[str, Any]:
    epochs = curve(study, row["trial_id"], row["milestone"])
    val, train = (numbers(epochs, f"{split}_accuracy").to_numpy() for split in ("val", "train"))
    # As a frame, so that ``numbers`` turns values that are not numbers into NaN.
    end = pd.DataFrame([row])
    val_end, test = (numbers(end, f"{split}_accuracy").iloc[0] for split in ("val", "test"))
    last = val[-NUM_LAST_EPOCHS:]
    return {
        "peak_val_accuracy": np.nanmax(val) if np.isfinite(val).any() else np.nan,
        "val_accuracy": val_end,
        "test_accuracy": test,
        "convergence_epoch": convergence_epoch(val),
        "num_epochs": len(epochs),
        "last_epochs_sd": np.std(last, ddof=1) if len(last) > 1 else np.nan,
        "overfitting": (train[-1] if len(train) else np.nan) - val_end,
        "generalisation": val_end - test,
    }
