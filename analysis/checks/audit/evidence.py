"""Rules that use a study's files: metrics recomputed, test sets compared, copies found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.methods import are_svms
from analysis.checks.audit.sizes import SINGLE_PRECISION, TWICE
from analysis.checks.audit.table import Table
from analysis.frames.cells import counted

Counts = NDArray[np.int64]
Classes = NDArray[np.integer[Any]]

_FEWEST_DECIMALS = 3
_MOST_DECIMALS = 9
_COLLAPSED = 2
_FEWEST_ERRORS = 20


@dataclass(frozen=True, eq=False)
class Evidence:
    """The files of a study's rows, in the order of the table.

    Attributes:
        trials: the trial each row was read from.
        matrices: per row the confusion matrix (classes, classes), one line per true class, or None.
        predictions: per row the predicted classes, (test images,), or None.
    """

    trials: list[str]
    matrices: list[Counts | None]
    predictions: list[Classes | None]


def metrics_of(matrix: Counts) -> dict[str, float]:
    """Return accuracy, and macro and weighted precision, recall and F1 of a confusion matrix.

    Args:
        matrix: (classes, classes), one line per true class. A class without predictions has
            precision 0, as with scikit-learn's ``zero_division=0``.
    """
    true = matrix.sum(axis=1)
    weights = true / max(true.sum(), 1)
    metrics = {"test_accuracy": float(np.trace(matrix) / max(true.sum(), 1))}
    for name, values in _by_class(matrix).items():
        metrics[name] = float(values.mean())
        metrics[f"{name}_weighted"] = float(values @ weights)
    return metrics


def _by_class(matrix: Counts) -> dict[str, NDArray[np.float64]]:
    """Return precision, recall and F1 of each class, (classes,)."""
    right, true, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    zeros = np.zeros(len(matrix))
    return {
        "test_precision": np.divide(right, predicted, out=zeros.copy(), where=predicted > 0),
        "test_recall": np.divide(right, true, out=zeros.copy(), where=true > 0),
        "test_f1": np.divide(
            2 * right, true + predicted, out=zeros.copy(), where=true + predicted > 0
        ),
    }


def _of_any_average(matrix: Counts) -> dict[str, dict[str, float]]:
    """Return each metric by the ways to average it: as ``metrics_of``, and as users may."""
    known = metrics_of(matrix)
    found = {name: {"": value} for name, value in known.items()}
    there = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    for name, values in _by_class(matrix).items():
        found[name] |= {"weighted": known[f"{name}_weighted"], "micro": known["test_accuracy"]}
        found[name] |= {"macro of those there": float(values[there].mean()) if there.any() else 0.0}
        if len(values) == 2:
            found[name] |= {f"class {place}": float(value) for place, value in enumerate(values)}
    return found


def reported_digit(values: NDArray[np.float64]) -> float:
    """Return the last digit to which a trial rounded the values of a column, (N,); 0 if to none.

    The column's longest number shows it, because others may end in zeros.
    """
    known = values[np.isfinite(values)]
    for decimals in range(_FEWEST_DECIMALS, _MOST_DECIMALS):
        if np.allclose(known, np.round(known, decimals), rtol=0, atol=1e-12):
            return float(10.0**-decimals)
    return 0.0


def recomputed(table: Table, evidence: Evidence, *, is_own: bool = False) -> list[Finding]:
    """Compare every metric with its value from the row's confusion matrix.

    Args:
        table: the rows.
        evidence: their matrices.
        is_own: whether a user's function reports them, which may average as it likes, or look at
            one of two classes alone, but in all rows alike.
    """
    of_row = {
        row: _of_any_average(matrix)
        for row, matrix in enumerate(evidence.matrices)
        if matrix is not None
    }
    if not of_row:
        raise NotApplicableError("there are no confusion matrices")
    findings = []
    for name, averages in next(iter(of_row.values())).items():
        reported = table.numbers(name)
        error = max(TWICE * reported_digit(reported), SINGLE_PRECISION)
        wrong = [
            [
                (row, float(reported[row]), value)
                for row, values in of_row.items()
                for value in [values[name].get(average, np.inf)]
                if abs(reported[row] - value) > error
            ]
            for average in (averages if is_own else ("",))
        ]
        if rows := min(wrong, key=len):
            findings.append(
                _error(
                    says=f"{name} differs from its value in the confusion matrix",
                    evidence=f"{counted(len(rows), 'row')}, as row {table.named(rows[0][0])}: "
                    f"{rows[0][1]:.9g} reported, {rows[0][2]:.9g} computed",
                    rows=[row for row, _, _ in rows],
                )
            )
    return findings


def same_test_images(table: Table, evidence: Evidence) -> list[Finding]:
    """Check that all rows of a data set were tested on the same numbers of each class."""
    findings = []
    for dataset, mask in table.by_dataset():
        classes: dict[tuple[int, ...], list[int]] = {}
        for row in np.flatnonzero(mask):
            matrix = evidence.matrices[row]
            if matrix is not None:
                key = tuple(int(count) for count in matrix.sum(axis=1))
                classes.setdefault(key, []).append(int(row))
        if len(classes) > 1:
            groups = "; ".join(
                f"{sum(k):,} images in {table.listed(v)}" for k, v in classes.items()
            )
            says = f"rows of {dataset} were tested on different images"
            fewest = min(classes.values(), key=len)
            findings.append(_error(says=says, evidence=groups, rows=fewest))
        for counts, rows in classes.items():
            stated = table.num_test
            off = [r for r in rows if np.isfinite(stated[r]) and stated[r] != sum(counts)]
            if off:
                says = "num_test is not the sum of the confusion matrix"
                numbers = f"row {table.named(off[0])}: {stated[off[0]]:g} and {sum(counts)}"
                findings.append(_error(says=says, evidence=numbers, rows=off))
    return findings


def copies(table: Table, evidence: Evidence) -> list[Finding]:
    """Look for different trials with the same predictions, image by image.

    Runs with few errors, or with at most two predicted classes, may agree by chance and are left
    out. So are SVMs, whose solution may no longer change with C.
    """
    if are_svms(table).any() or not any(p is not None for p in evidence.predictions):
        raise NotApplicableError("it needs saved predictions of neural networks")
    seen: dict[tuple[str, bytes], list[int]] = {}
    names = table.levels("dataset")
    for row, (predicted, matrix) in enumerate(
        zip(evidence.predictions, evidence.matrices, strict=True)
    ):
        if predicted is None or matrix is None or len(np.unique(predicted)) <= _COLLAPSED:
            continue
        if matrix.sum() - np.trace(matrix) >= _FEWEST_ERRORS:
            seen.setdefault((names[row], predicted.tobytes()), []).append(row)
    same = [rows for rows in seen.values() if len({evidence.trials[row] for row in rows}) > 1]
    if not same:
        return []
    return [
        _error(
            says="different trials have the same prediction for every test image",
            evidence=f"{counted(len(same), 'group')}, as {table.listed(same[0])}",
            rows=sorted(row for rows in same for row in rows),
        )
    ]


def _error(says: str, evidence: str, rows: list[int]) -> Finding:
    return Finding(
        severity="error",
        says=says,
        evidence=evidence,
        settle="the trial's result.json and predictions, and another run of its configuration",
        rows=tuple(rows),
    )
