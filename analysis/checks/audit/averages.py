"""Relations between accuracy, precision, recall and F1 that hold for every classifier.

With precision P, recall R and F1 = 2PR/(P+R) per class (0 where a class has neither), averaged
over classes with the same weights for all three:

- *weighted* (by the class's number of test images): recall = accuracy;
- *micro*: all three = accuracy;
- *macro* and *weighted* alike: F1 ≤ 2PR/(P+R) of the averages, because the harmonic mean is concave
  (Jensen; Opitz & Burst 2019, "Macro F1 and macro F1", arXiv:1911.03347), and F1 ≥ P + R − 1.
  An averaged F1 need *not* lie between the averages of precision and recall: only a class's does.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.table import QUALITY, Table

Floats = NDArray[np.float64]
_NAMES = {"test_precision": "precision", "test_recall": "recall", "test_f1": "F1"}
_FEWEST_ROWS = 3
_MOST_TIED = 0.5
_MOST_UNEQUAL = 0.5
_LEVEL = 1e-4


def harmonic_mean(a: Floats, b: Floats) -> Floats:
    """Return 2ab/(a+b), 0 where both are 0."""
    total = a + b
    return np.divide(2 * a * b, total, out=np.zeros_like(total), where=total > 0)


def excess(f1: Floats, precision: Floats, recall: Floats, slack: Floats | float) -> Floats:
    """Return by how much averages violate their bounds, 0 if they do not: (N,).

    Args:
        f1: (N,), averaged F1, and likewise ``precision`` and ``recall``.
        slack: the error that rounding may give each of the three.
    """
    above = f1 - slack - harmonic_mean(precision + slack, recall + slack)
    below = (precision - slack) + (recall - slack) - 1 - (f1 + slack)
    return np.maximum(np.maximum(above, below), 0.0) * (np.maximum(above, below) > 1e-12)


def averages(table: Table) -> list[Finding]:
    """Check F1 against its bounds, and recall against accuracy where averages are weighted."""
    columns = [column for column in QUALITY if column in table.frame]
    if len(columns) < len(QUALITY):
        raise NotApplicableError("it needs the columns test_precision, test_recall and test_f1")
    return [*_mislabelled(table), *_bounds(table), *_weighted(table)]


def _slack(table: Table, columns: tuple[str, ...] = QUALITY) -> Floats:
    return np.asarray(np.max([table.units(column) for column in columns], axis=0) + 1e-9)


def _equal(table: Table, column: str) -> NDArray[np.bool_]:
    """Return in which rows a column equals accuracy in all printed digits."""
    close = np.abs(table.numbers(column) - table.numbers("test_accuracy"))
    return np.asarray(close <= _slack(table, (column, "test_accuracy")))


def _mislabelled(table: Table) -> list[Finding]:
    """Find a column other than recall that equals accuracy in every row, if recall does not.

    With few digits precision equals accuracy by coincidence: the more often, the nearer recall is.
    """
    known = np.isfinite(table.numbers("test_accuracy"))
    equal = {c: _equal(table, c)[known] for c in QUALITY}
    if known.sum() < _FEWEST_ROWS:
        return []
    findings = []
    for column in ("test_precision", "test_f1"):
        other = next(c for c in ("test_f1", "test_precision") if c != column)
        if not equal[column].all() or equal[other].mean() > _MOST_TIED:
            continue
        if _coincidence(table, column, known) >= _LEVEL:
            continue
        num = int(known.sum())
        evidence = (
            f"{_NAMES[column]} equals accuracy in {num} of {num} rows, recall in "
            f"{int(equal['test_recall'].sum())}; weighted recall always equals accuracy, "
            f"{_NAMES[column]} only by coincidence"
        )
        headings = _consistent_headings(table, known)
        if len(headings) == 1:
            evidence += "; only one of the six orders of the headings fits all rows: " + ", ".join(
                f"the column headed {_NAMES[c]} is {_NAMES[meant]}"
                for c, meant in zip(QUALITY, headings[0], strict=True)
            )
        findings.append(
            Finding(
                severity="error",
                says=f"the column headed {_NAMES[column]} holds accuracy: headings are mixed up",
                evidence=evidence,
                settle="the confusion matrix of one row, or the line that printed the columns: a "
                "micro average equals accuracy",
                rows=tuple(np.flatnonzero(known).tolist()),
            )
        )
    return findings


def _coincidence(table: Table, column: str, known: NDArray[np.bool_]) -> float:
    """Return the chance that a column equals accuracy in all rows, given how near recall lies."""
    slack = _slack(table, (column, "test_accuracy"))[known]
    apart = np.abs(table.numbers("test_recall") - table.numbers("test_accuracy"))[known]
    usual = np.nanmedian(apart / slack)
    return float(min(1.0, 4.5 / (2 * usual + 1)) ** known.sum())


def _consistent_headings(table: Table, known: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    """Return the orders of the headings that are possible for weighted averages in all rows."""
    slack = _slack(table)[known]
    fitting = []
    for meant in permutations(QUALITY):
        column = {name: QUALITY[i] for i, name in enumerate(meant)}
        values = {name: table.numbers(column[name])[known] for name in QUALITY}
        broken = excess(values["test_f1"], values["test_precision"], values["test_recall"], slack)
        if _equal(table, column["test_recall"])[known].all() and not broken.any():
            fitting.append(meant)
    return fitting


def _bounds(table: Table) -> list[Finding]:
    f1, precision, recall = (table.numbers(f"test_{q}") for q in ("f1", "precision", "recall"))
    broken = excess(f1, precision, recall, _slack(table))
    rows = np.flatnonzero(np.nan_to_num(broken) > 0).tolist()
    if not rows:
        return []
    worst = max(rows, key=lambda row: broken[row])
    bound = harmonic_mean(precision, recall)[worst]
    return [
        Finding(
            severity="error",
            says="F1 lies outside the bounds that precision and recall set",
            evidence=(
                f"{len(rows)} of {len(f1)} rows; worst in row {table.named(worst)}: precision "
                f"{precision[worst]:g}, recall {recall[worst]:g}, F1 {f1[worst]:g}, allowed "
                f"{max(precision[worst] + recall[worst] - 1, 0):.6f} to {bound:.6f}; "
                f"{table.listed(rows)}"
            ),
            settle="the confusion matrix of one of these rows",
            rows=tuple(rows),
        )
    ]


def _weighted(table: Table) -> list[Finding]:
    """Check that weighted recall, or each micro average, equals accuracy.

    It need not where an item may have several labels. Where headings alone name the average, and
    most rows do not have the equality, the finding is a note.
    """
    must = {"weighted": ("test_recall",), "micro": QUALITY}.get(table.averaging or "", ())
    findings = []
    for column in must:
        known = np.isfinite(table.numbers(column)) & np.isfinite(table.numbers("test_accuracy"))
        rows = np.flatnonzero(known & ~_equal(table, column)).tolist()
        if not rows:
            continue
        may_differ = not table.is_averaging_stated and len(rows) > _MOST_UNEQUAL * known.sum()
        name = f"{table.averaging} {_NAMES[column]}"
        findings.append(
            Finding(
                severity="note" if may_differ else "error",
                says=f"{name} differs from accuracy, as it may where items have several labels"
                if may_differ
                else f"{name} must equal accuracy but does not",
                evidence=f"{len(rows)} of {int(known.sum())} rows, as row {table.named(rows[0])}: "
                f"{table.numbers(column)[rows[0]]:g} against "
                f"{table.numbers('test_accuracy')[rows[0]]:g}",
                settle="the confusion matrix of one of these rows, or whether an item may have "
                "several labels",
                rows=tuple(rows),
            )
        )
    return findings
