"""Numbers of one row that must fit each other: parts and totals, metrics and confusion matrices."""

from __future__ import annotations

import re
from itertools import combinations
from math import comb, isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.evidence import metrics_of
from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.headings import is_summary, words_of
from analysis.checks.audit.sizes import SINGLE_PRECISION
from analysis.checks.audit.table import QUALITY, Table
from analysis.frames.cells import counted

Floats = NDArray[np.float64]
_MOST_COLUMNS = 10
_MOST_PARTS = 4
_FEWEST_ROWS = 4
_LEVEL = 1e-7
_HOLDS = 0.6
_CELLS = {
    **dict.fromkeys(("tp", "true positives", "true positive"), "tp"),
    **dict.fromkeys(("fp", "false positives", "false positive"), "fp"),
    **dict.fromkeys(("fn", "false negatives", "false negative"), "fn"),
    **dict.fromkeys(("tn", "true negatives", "true negative"), "tn"),
}

_ALL_CELLS = ("tn", "fp", "fn", "tp")
_WITHOUT_TN = ("fp", "fn", "tp")


def parts_and_total(table: Table) -> list[Finding]:
    """Look for rows in which parts do not add to their total, as they do in the other rows.

    Which columns are parts of which is told by the numbers: the sum must hold in most rows, in so
    many that it is no coincidence. Honest sums differ by the rounding of each number. Where the
    parts never add up there may be others that the table does not list: the rule is silent.
    """
    usable = [
        str(c)
        for c in table.printed
        if np.unique(_finite(table, str(c))).size >= _FEWEST_ROWS and not is_summary(str(c))
    ]
    if not 3 <= len(usable) <= _MOST_COLUMNS:
        raise NotApplicableError("it needs three to ten columns of numbers that vary")
    numbers = _Numbers(
        np.asarray(table.printed[usable], dtype=np.float64),
        np.asarray(table.printed_unit[usable], dtype=np.float64),
    )
    findings = []
    for total in range(len(usable)):
        parts = _law(numbers, total)
        if parts:
            rows = np.flatnonzero(_off(numbers, total, parts) > 0).tolist()
            if rows:
                names = [usable[part] for part in parts]
                findings.append(_sum(table, usable[total], names, rows))
    return findings


def _finite(table: Table, column: str) -> Floats:
    values = np.asarray(table.printed[column], dtype=np.float64)
    return values[np.isfinite(values)]


class _Numbers(NamedTuple):
    """The numbers that may be parts or totals, and their last digits: (rows, columns)."""

    values: Floats
    digits: Floats


def _off(numbers: _Numbers, total: int, parts: tuple[int, ...]) -> Floats:
    """Return by how much the sum is off beyond rounding, 0 where it holds: (rows,)."""
    values, digits = numbers
    slack = (digits[:, total] + digits[:, parts].sum(axis=1)) * 0.56
    off = np.abs(values[:, total] - values[:, parts].sum(axis=1)) - slack
    return np.where(np.isfinite(off) & (off > 1e-9 * np.abs(values[:, total])), off, 0.0)


def _law(numbers: _Numbers, total: int) -> tuple[int, ...] | None:
    """Return the columns that add to a total in most rows, None if there are none."""
    values, digits = numbers
    others = [column for column in range(values.shape[1]) if column != total]
    spread = float(np.subtract(*np.nanquantile(values[:, total], [0.75, 0.25])))
    tried = sum(comb(len(others), k) for k in range(2, _MOST_PARTS + 1)) * (len(others) + 1)
    known = np.isfinite(values)
    for size in range(2, min(_MOST_PARTS, len(others)) + 1):
        for parts in combinations(others, size):
            rows = known[:, total] & known[:, parts].all(axis=1)
            holds = rows & (_off(numbers, total, parts) == 0)
            if holds.sum() < max(_FEWEST_ROWS, _HOLDS * rows.sum()):
                continue
            slack = digits[:, total] + digits[:, parts].sum(axis=1)
            small = (np.abs(values[holds][:, parts]) <= slack[holds, None]).mean(axis=0)
            if (small > 0.5).any():
                continue
            luck = min(1.0, 2 * float(np.median(slack[holds])) / spread) if spread > 0 else 1.0
            if luck ** holds.sum() * tried < _LEVEL:
                return parts
    return None


def _sum(table: Table, total: str, parts: list[str], rows: list[int]) -> Finding:
    row = rows[0]
    values = [float(table.printed[part][row]) for part in parts]
    return Finding(
        severity="serious",
        says=f"{' + '.join(parts)} is not {total} where it is in the other rows",
        evidence=f"{counted(len(rows), 'row')} of {len(table.frame)}, as row {table.named(row)}: "
        f"{' + '.join(f'{value:.10g}' for value in values)} = {sum(values):.10g}, "
        f"not {float(table.printed[total][row]):.10g}; {table.listed(rows)}",
        settle="the log of one of these rows",
        rows=tuple(rows),
    )


def confusion(table: Table) -> list[Finding]:
    """Compare metrics with the confusion matrix in the same row.

    Precision, recall and F1 may be those of either class, or the macro, weighted or micro average.
    A matrix in a cell may have the predictions in its lines; columns TP, FP and FN say which is
    which, and without TN only the positive class can be compared.
    """
    matrices, cells = _matrices(table)
    if not any(matrix is not None for matrix in matrices):
        raise NotApplicableError("it needs columns TP, FP and FN, or confusion matrices")
    findings = []
    for column in (c for c in ("test_accuracy", *QUALITY) if c in table.frame):
        if column == "test_accuracy" and cells == _WITHOUT_TN:
            continue
        values, units = table.numbers(column), table.units(column)
        wrong = []
        for row, matrix in enumerate(matrices):
            if matrix is None or not np.isfinite(values[row]):
                continue
            allowed = _allowed(matrix, column, cells)
            slack = max(np.nan_to_num(units[row]), SINGLE_PRECISION) * (1 + 1e-6)
            if min(abs(values[row] - value) for value in allowed) > slack:
                wrong.append((row, float(values[row]), allowed[0]))
        if wrong:
            row, value, computed = wrong[0]
            findings.append(
                Finding(
                    severity="error",
                    says=f"{column} does not follow from the confusion matrix beside it",
                    evidence=f"{counted(len(wrong), 'row')}, as row {table.named(row)}: "
                    f"{value:.6g} where the matrix gives {computed:.6g}",
                    settle="the predictions of one of these rows",
                    rows=tuple(row for row, _, _ in wrong),
                )
            )
    return findings


def _matrices(table: Table) -> tuple[list[NDArray[np.int64] | None], tuple[str, ...]]:
    """Return the matrix of each row, true classes in its lines, or None, and the named cells."""
    named = {_CELLS.get(" ".join(words_of(str(c)))): str(c) for c in table.printed}
    for cells in (_ALL_CELLS, _WITHOUT_TN):
        if set(cells) <= set(named):
            counts = np.asarray(table.printed[[named[cell] for cell in cells]], dtype=np.float64)
            counts = np.pad(counts, ((0, 0), (len(_ALL_CELLS) - len(cells), 0)))
            return [_matrix(row) for row in counts], cells
    for column in table.texts:
        found = [_in_text(str(cell)) for cell in table.texts[column]]
        if any(matrix is not None for matrix in found):
            return found, ()
    return [None] * len(table.frame), ()


def _matrix(counts: Floats) -> NDArray[np.int64] | None:
    whole = np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.rint(counts)).all()
    if not whole or counts.sum() < 1 or counts.max() > 1e12:
        return None
    return counts.reshape(2, 2).astype(np.int64)


def _in_text(cell: str) -> NDArray[np.int64] | None:
    """Read ``[[50, 2], [3, 45]]``."""
    numbers = re.findall(r"\d{1,12}", cell)
    size = isqrt(len(numbers))
    is_matrix = re.fullmatch(r"\s*[\[(]\s*[\[(][\d\s,;\[\]()]*\s*", cell) and size >= 2
    if not is_matrix or size * size != len(numbers) or not any(map(int, numbers)):
        return None
    return np.array(list(map(int, numbers)), dtype=np.int64).reshape(size, size)


def _allowed(matrix: NDArray[np.int64], column: str, cells: tuple[str, ...]) -> list[float]:
    """Return the values that a metric may have, the likeliest first."""
    name = column.removeprefix("test_")
    allowed: list[float] = []
    for one in (matrix,) if cells else (matrix, matrix.T):
        right, true, predicted = np.diag(one), one.sum(axis=1), one.sum(axis=0)
        if column != "test_accuracy":
            below = {"precision": predicted, "recall": true, "f1": (true + predicted) / 2}[name]
            by_class = (right / np.maximum(below, 1e-12)).tolist()
            if cells == _WITHOUT_TN:
                return [float(by_class[1])]
            allowed += by_class[1:] if cells else []
        metrics = metrics_of(one)
        allowed.append(metrics[column])
        if column != "test_accuracy":
            allowed += [metrics[f"{column}_weighted"], metrics["test_accuracy"], *by_class]
    return [float(value) for value in allowed]
