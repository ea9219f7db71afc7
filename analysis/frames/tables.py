"""The rows of a study as a table, unrounded, and what its rows share.

The table has one row per configuration and seed in the declared order, whatever its status. A row
without a result has missing values there, so it enters no mean.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import measures_of
from tune_app.study.code_fingerprint import CODE

_ORIGIN = ("device", "trial_id", "shared_with", "status")
_FOR_A_GPU = ("pin_memory", "mixed_precision", "resident_images", "cuda_graphs")
_WHOLE = ("batch_size", "epochs", "degree", "max_iter", "macs", "flops", "live_flops")


def study_table(study: Study) -> pd.DataFrame:
    """Return the rows of a study: factors, every reported scalar, other parameters, origin.

    The measure that selects is the first after the seed, followed by those on test data.
    """
    rows = study.rows
    metrics = [key for key in study.metric_keys if _is_scalar(rows[key])]
    on_test = [key for key in metrics if measures_of(study).split(key) == "test"]
    first = [study.metric] if study.metric in study.metric_keys else []
    others = [key for key in study.config_keys if key not in (*study.factors, *_ORIGIN)]
    code = [CODE] if CODE in rows else []
    names = dict.fromkeys(
        ("id", *study.factors, "seed", *first, *on_test, *metrics, *others, *_ORIGIN, *code)
    )
    values = {n: rows.get("config_id" if n == "id" else n, float("nan")) for n in names}
    table = pd.DataFrame(values, columns=list(names))
    for name in table:
        if str(name) in _WHOLE or str(name).startswith("num_"):
            table[name] = _whole(table[name])
    return table


def sharing_summary(study: Study) -> dict[str, int]:
    """Return how much work the trials begun so far save by sharing.

    Returns:
        ``num_trials``, the ``num_rows`` they serve, ``epochs_of_rows`` (the epochs to train if
        every row had its own trial) and ``epochs_of_trials`` (the epochs that the trials train);
        both numbers of epochs are those planned.
    """
    planned = study.trials[study.trials["num_rows"] > 0]
    served = study.rows[study.rows["trial_id"].isin(planned["trial_key"])]
    return {
        "num_trials": len(planned),
        "num_rows": len(served),
        "epochs_of_rows": int(served["milestone"].sum()),
        "epochs_of_trials": int(planned["last_milestone"].sum()),
    }


@lru_cache(maxsize=8)
def inert_axes(study: Study, *, with_result: bool = False) -> dict[str, int]:
    """Return the parameters that change nothing: name -> how many rows repeat another's result.

    Two rows that share one result of one trial can only differ in such parameters.

    Args:
        study: the study.
        with_result: count only rows that have a result.
    """
    rows = study.rows
    rows = rows[rows["status"].isin(FINISHED)] if with_result else rows
    by_row = {(record["config_id"], record["seed"]): record for record in rows.to_dict("records")}
    counts: dict[str, int] = {}
    for record in by_row.values():
        original = by_row.get((record["same_as"], record["seed"]))
        if original is None:
            continue
        for key in study.config_keys:
            if str(record[key]) != str(original[key]):
                counts[key] = counts.get(key, 0) + 1
    return counts


def why_inert(study: Study, name: str) -> str:
    """Return why a parameter changes nothing in a study, as a clause."""
    devices = {study.meta["device"], *study.rows.get("device", ())}
    if name in _FOR_A_GPU and not study.is_own and "cuda" not in devices:
        return "it does nothing without a GPU"
    return "it changes nothing"


def _is_scalar(values: pd.Series[Any]) -> bool:
    """Return whether a column has numbers or flags; a flag that some rows lack is an object."""
    if pd.api.types.is_numeric_dtype(values):
        return True
    known = values.dropna()
    return len(known) > 0 and all(isinstance(value, (bool, np.bool_)) for value in known)


def _whole(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers as nullable integers, so that 3 is not printed as 3.0."""
    numbers = pd.to_numeric(values, errors="coerce")
    known = numbers.dropna()
    # A float above 2^53 cannot tell neighbouring whole numbers apart.
    if numbers.isna().equals(values.isna()) and ((known % 1 == 0) & (known.abs() < 2**53)).all():
        return numbers.astype("Int64")
    return values
