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

GROUPS = ("dataset", "model", "kernel")
"""What a best configuration is picked for, where the study has it."""
CONVERGED_SHARE = 0.99
"""A training has converged at this share of its final validation accuracy."""
NUM_LAST_EPOCHS = 3
"""Over how many last epochs the stability of a training is read."""


def groups_of(study: Study) -> list[str]:
    """Return the parameters that make groups in this study."""
    return [name for name in GROUPS if name in study.config_keys]


def candidates(study: Study) -> pd.DataFrame:
    """Return the rows that can be picked.

    A row that repeats another row's result is no candidate of its own: between the two, only
    chance could say which value of an inert parameter is called the best. Nor is one a replicate
    that repeats another seed's.
    """
    return study.rows[(study.rows["same_as"] == "") & ~repeats(study)]


@lru_cache(maxsize=8)
def best_data(study: Study) -> pd.DataFrame:
    """Return the best configuration per group, as ``best_rows`` does, picked on validation."""
    return best_rows(candidates(study), groups_of(study), study.metric, study.mode)


def curve(study: Study, trial_id: object, last_epoch: float) -> pd.DataFrame:
    """Return the epochs of a trial up to a milestone, in order; empty without any."""
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
        ``seeds_sd`` (of the test accuracy; NaN for one seed), ``overfitting`` (training −
        validation accuracy at the end), ``generalisation`` (validation − test accuracy). With
        several seeds all but the spreads are means over them.
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
    # One row of the study as a frame, so that what is no number becomes NaN.
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
