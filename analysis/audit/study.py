"""Audit of a study directory: its rows as a table, and what else the directory can prove.

A study keeps the confusion matrix and the test predictions of every row, so its metrics can be
computed again, its test sets compared, and copies told from coincidences.
"""

from __future__ import annotations

import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.audit import audit_table
from analysis.audit.finding import Audit, Finding, listed
from analysis.audit.overlap import check_images
from analysis.audit.table import Table
from analysis.load import FINISHED, Study, load_study
from analysis.reference import Protocol

Counts = NDArray[np.int64]
Classes = NDArray[np.integer[Any]]

_CLOCK_DIGIT = 1e-6
_SAME = 1e-9
_MOST_BYTES = 10_000_000
_COLLAPSED = 2


def audit_study(path: str | Path, data: Path | None = None) -> Audit:
    """Audit a study directory.

    Args:
        path: the directory.
        data: a folder with the images the study was made from, to rebuild its split and look for
            test images that equal training images; None to leave that out.

    Raises:
        UserError: ``path`` is not a study, or ``data`` lacks its images.
    """
    study = load_study(path)
    rows = _rows(study)
    table = study_table(study, rows)
    matrices = _matrices(study, rows)
    predictions = _predictions(study, rows)
    more = [
        *_recomputed(table, matrices),
        *_test_sets(table, matrices),
        *_copies(table, rows, predictions),
        *_selected_on_test(study),
    ]
    if data is not None:
        more += check_images(table, study.meta.get("data"), data, matrices, predictions)
    return audit_table(table, more)


def study_table(study: Study, rows: pd.DataFrame | None = None) -> Table:
    """Return the finished rows of a study as a table; rows that are one result stand once."""
    kept = _rows(study) if rows is None else rows
    settings = [s for s in study.config_keys if s in kept and (s != "device" or _devices(kept) > 1)]
    settings += ["seed"] if "seed" not in settings else []
    measured = [c for c in study.metric_keys if pd.api.types.is_numeric_dtype(kept[c])]
    unit = pd.DataFrame(0.0, index=kept.index, columns=measured)
    for column in measured:
        if column.endswith("_seconds"):
            unit[column] = _CLOCK_DIGIT
    if "test_accuracy" not in kept:
        kept, unit = kept.assign(test_accuracy=np.nan), unit.assign(test_accuracy=0.0)
    unit = unit[
        [c for c in unit if str(c).startswith(("test_", "val_", "train_")) and "loss" not in str(c)]
    ]
    varying = [s for s in settings if kept[s].astype(str).nunique() > 1]
    complete = prod(int(kept[s].astype(str).nunique()) for s in varying) == len(kept)
    return Table(
        name=study.name,
        frame=kept,
        unit=unit,
        settings=tuple(settings),
        num_test=_num_test(study, kept),
        protocol=Protocol(
            report="",
            source=study.name,
            title=str(study.meta["space"].get("question") or ""),
            selection="val" if study.metric.startswith("val_") else None,
        ),
        compared=tuple(f for f in study.factors if f in varying) if complete else (),
        remarks=_remarks(study, kept),
    )


def _rows(study: Study) -> pd.DataFrame:
    done = study.rows["status"].isin(FINISHED) & (study.rows["same_as"] == "")
    return study.rows[done].reset_index(drop=True)


def _devices(rows: pd.DataFrame) -> int:
    return int(rows["device"].nunique())


def _num_test(study: Study, rows: pd.DataFrame) -> NDArray[np.float64]:
    if "num_test" in rows:
        return np.asarray(pd.to_numeric(rows["num_test"], errors="coerce"), dtype=np.float64)
    return np.full(len(rows), np.nan)


def _remarks(study: Study, kept: pd.DataFrame) -> tuple[str, ...]:
    remarks = []
    without = int((~study.rows["status"].isin(FINISHED)).sum())
    copies = int((study.rows["same_as"] != "").sum())
    if without:
        remarks.append(f"rows without a result, left out: {without}")
    if copies:
        remarks.append(f"rows that are the same result as another, left out: {copies}")
    return tuple(remarks)


def _matrices(study: Study, rows: pd.DataFrame) -> list[Counts | None]:
    keys = zip(rows["config_id"], rows["seed"], strict=True)
    return [study.confusion_matrix(str(config_id), int(seed)) for config_id, seed in keys]


def _predictions(study: Study, rows: pd.DataFrame) -> list[Classes | None]:
    keys = zip(rows["config_id"], rows["seed"], strict=True)
    return [_load(study.predictions_path(str(c), int(s))) for c, s in keys]


def _load(path: Path | None) -> Classes | None:
    """Return saved predictions; None where there are none or the file is damaged."""
    if path is None:
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                return None
        with np.load(path, allow_pickle=False) as arrays:
            array = arrays["predictions"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, NotImplementedError):
        return None
    return array if array.ndim == 1 and np.issubdtype(array.dtype, np.integer) else None


def metrics_of(matrix: Counts) -> dict[str, float]:
    """Return accuracy, and macro and weighted precision, recall and F1 of a confusion matrix.

    Args:
        matrix: (classes, classes), true classes down. A class without predictions has precision
            0, as scikit-learn's ``zero_division=0`` has it.
    """
    right, true, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    zeros = np.zeros(len(matrix))
    precision = np.divide(right, predicted, out=zeros.copy(), where=predicted > 0)
    recall = np.divide(right, true, out=zeros.copy(), where=true > 0)
    f1 = np.divide(2 * right, true + predicted, out=zeros.copy(), where=true + predicted > 0)
    weights = true / max(true.sum(), 1)
    metrics = {"test_accuracy": float(right.sum() / max(true.sum(), 1))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"test_{name}"] = float(values.mean())
        metrics[f"test_{name}_weighted"] = float(values @ weights)
    return metrics


def _recomputed(table: Table, matrices: list[Counts | None]) -> list[Finding]:
    """Compare every metric with the one that the row's confusion matrix gives."""
    wrong: dict[str, list[tuple[int, float, float]]] = {}
    for row, matrix in enumerate(matrices):
        if matrix is None:
            continue
        for name, value in metrics_of(matrix).items():
            reported = table.numbers(name)[row]
            if np.isfinite(reported) and abs(reported - value) > _SAME:
                wrong.setdefault(name, []).append((row, float(reported), value))
    return [
        _error(
            table,
            "recomputed",
            f"{name} is not what the confusion matrix gives",
            f"{len(rows)} rows, as row {rows[0][0]}: {rows[0][1]:.9g} reported, "
            f"{rows[0][2]:.9g} computed",
            [row for row, _, _ in rows],
        )
        for name, rows in wrong.items()
    ]


def _test_sets(table: Table, matrices: list[Counts | None]) -> list[Finding]:
    """Check that all rows of a data set were tested on the same numbers of each class."""
    findings = []
    for dataset, mask in table.by_dataset():
        classes: dict[tuple[int, ...], list[int]] = {}
        for row in np.flatnonzero(mask):
            matrix = matrices[row]
            if matrix is not None:
                key = tuple(int(count) for count in matrix.sum(axis=1))
                classes.setdefault(key, []).append(int(row))
        if len(classes) > 1:
            groups = "; ".join(f"{sum(k):,} images in rows {listed(v)}" for k, v in classes.items())
            says = f"rows of {dataset} were tested on different images"
            fewest = min(classes.values(), key=len)
            findings.append(_error(table, "test_sets", says, groups, fewest))
        for counts, rows in classes.items():
            stated = table.num_test
            off = [r for r in rows if np.isfinite(stated[r]) and stated[r] != sum(counts)]
            if off:
                says = "num_test is not the sum of the confusion matrix"
                evidence = f"row {off[0]}: {table.num_test[off[0]]:g} and {sum(counts)}"
                findings.append(_error(table, "test_sets", says, evidence, off))
    return findings


def _copies(table: Table, rows: pd.DataFrame, predictions: list[Classes | None]) -> list[Finding]:
    """Look for different trials with the same predictions, image by image."""
    seen: dict[tuple[str, bytes], list[int]] = {}
    names = table.keys(["dataset"]) if "dataset" in table.frame else [("",)] * len(rows)
    for row, array in enumerate(predictions):
        if array is not None and len(np.unique(array)) > _COLLAPSED and "kernel" not in table.frame:
            seen.setdefault((names[row][0], array.tobytes()), []).append(row)
    copies = [same for same in seen.values() if len(set(rows["trial_id"].iloc[same])) > 1]
    if not copies:
        return []
    length = _length(predictions[copies[0][0]])
    return [
        _error(
            table,
            "copies",
            "different trials have the same prediction for every test image",
            f"{len(copies)} group(s), as rows {listed(copies[0])}: {length:,} equal predictions",
            sorted(row for same in copies for row in same),
        )
    ]


def _length(array: Classes | None) -> int:
    return 0 if array is None else len(array)


def _selected_on_test(study: Study) -> list[Finding]:
    if not study.metric.startswith("test_"):
        return []
    return [
        Finding(
            rule="selection",
            severity="serious",
            table=study.name,
            says="the study selects on a test metric, so the best row's test result is too high",
            evidence=f"its space names {study.metric} as the metric to select by",
            settle="a validation metric in the search space",
        )
    ]


def _error(table: Table, rule: str, says: str, evidence: str, rows: list[int]) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        table=table.name,
        says=says,
        evidence=evidence,
        settle="the trial's result.json and predictions, and a run of its configuration again",
        rows=tuple(rows),
    )
