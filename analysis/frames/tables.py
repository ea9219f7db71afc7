"""The table of each kind of study, unrounded and with every row.

Every table has one row per configuration and seed in the declared order, whatever its status. A
row without a result has missing values there, so it enters no mean. Factors of the study that a
table does not name are added as columns before ``seed``, and the metric that configurations are
picked by is added after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis.frames.devices import speedups
from analysis.frames.load import FINISHED, Study
from tune_app.study.code_fingerprint import CODE

_QUALITY = ("test_accuracy", "test_precision", "test_recall", "test_f1", "val_accuracy")
_ORIGIN = ("device", "trial_id", "shared_with", "status")

GRID_COLUMNS = (
    *("id", "dataset", "model", "batch_size", "optimizer", "lr", "pin_memory", "epochs", "seed"),
    *(*_QUALITY, "train_seconds", *_ORIGIN),
)
SVM_COLUMNS = (
    *("id", "dataset", "kernel", "C", "degree", "gamma", "num_train_images", "seed", *_QUALITY),
    *("fit_seconds", "predict_seconds", "num_support_vectors", "converged", "solver", *_ORIGIN),
)
DEVICE_COLUMNS = (
    *("id", "dataset", "device", "optimizer", "model", "batch_size", "lr", "epochs", "seed"),
    *(*_QUALITY, "train_seconds", "images_per_second", "speedup_vs_cpu"),
    *("num_parameters", "macs", "flops", "live_flops", "trial_id", "shared_with", "status"),
)
_WHOLE = ("batch_size", "epochs", "degree", "max_iter", "macs", "flops", "live_flops")


def study_table(study: Study) -> pd.DataFrame:
    """Return the table for the study's trainable and factors."""
    if study.is_own:
        return generic_table(study)
    trainable = study.meta["space"].get("trainable")
    if trainable == "svm":
        return svm_table(study)
    if trainable == "resnet":
        return device_table(study) if "device" in study.factors else grid_table(study)
    return generic_table(study)


def grid_table(study: Study) -> pd.DataFrame:
    """Return the rows of a ResNet study with the columns ``GRID_COLUMNS``."""
    return _arranged(study, GRID_COLUMNS)


def svm_table(study: Study) -> pd.DataFrame:
    """Return the rows of an SVM study with the columns ``SVM_COLUMNS``.

    ``num_train_images`` is the number trained on, also where the configuration says "all".
    """
    return _arranged(study, SVM_COLUMNS)


def device_table(study: Study) -> pd.DataFrame:
    """Return the rows of a study over devices with the columns ``DEVICE_COLUMNS``.

    ``speedup_vs_cpu`` is the CPU arm's ``train_seconds`` divided by the row's own
    (``speedups``). It is missing in the rows of the CPU arm.
    """
    return _arranged(study, DEVICE_COLUMNS, {"speedup_vs_cpu": speedups(study)})


def generic_table(study: Study) -> pd.DataFrame:
    """Return the rows of any study: its factors, then every scalar metric its trials reported."""
    rows = study.rows
    metrics = [
        key
        for key in study.metric_keys
        if pd.api.types.is_numeric_dtype(rows[key]) or pd.api.types.is_bool_dtype(rows[key])
    ]
    metrics.sort(key=lambda key: (key != study.metric, not key.startswith("test_")))
    return _arranged(study, ("id", *study.factors, "seed", *metrics, *_ORIGIN))


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


def _arranged(
    study: Study, columns: Sequence[str], derived: dict[str, pd.Series[Any]] | None = None
) -> pd.DataFrame:
    rows = study.rows
    at = columns.index("seed")
    extra = [factor for factor in study.factors if factor not in columns]
    is_missing = study.metric in study.metric_keys and study.metric not in columns
    objective = [study.metric] if is_missing else []
    code = [CODE] if CODE in rows else []
    names = dict.fromkeys([*columns[:at], *extra, "seed", *objective, *columns[at + 1 :], *code])
    values = {name: _column(rows, "config_id" if name == "id" else name) for name in names}
    table = pd.DataFrame(values | (derived or {}), columns=list(names))
    for name in table:
        if str(name) in _WHOLE or str(name).startswith("num_"):
            table[name] = _whole(table[name])
    return table


def _column(rows: pd.DataFrame, name: str) -> pd.Series[Any]:
    return rows[name] if name in rows else pd.Series(float("nan"), index=rows.index)


def _whole(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers as nullable integers, so that 3 is not printed as 3.0."""
    numbers = pd.to_numeric(values, errors="coerce")
    known = numbers.dropna()
    # A float above 2^53 cannot tell neighbouring whole numbers apart.
    if numbers.isna().equals(values.isna()) and ((known % 1 == 0) & (known.abs() < 2**53)).all():
        return numbers.astype("Int64")
    return values
