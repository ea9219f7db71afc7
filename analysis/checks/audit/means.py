"""A column that is headed as the mean of others, and is it in most rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.headings import is_mean_of_others
from analysis.checks.audit.table import Table
from analysis.frames.cells import counted

Floats = NDArray[np.float64]
_FEWEST_ROWS = 4
_ROUNDING = 1 + 1e-6
_FEWEST_COLUMNS = 2
_HOLDS = 0.5
_LEVEL = 1e-3
_CLEARLY = 3.0
"""In roundings: means with nearly equal weights are a little off, and honest."""
_FORMS = ((1.0, 0.0), (100.0, 0.0), (-1.0, 1.0), (-100.0, 100.0))
"""How a mean may be printed: as a fraction or in percent, of accuracies or of errors."""


def mean_of_columns(table: Table) -> list[Finding]:
    """Look for rows whose mean is not that of the columns beside it, as it is in the other rows.

    It must be the plain mean in half of the rows, in so many that it is no coincidence, and clearly
    another number in the others. So a table whose means are all weighted is silent. Each number may
    be rounded or cut off.
    """
    rows, accuracies, slack = _side_by_side(table)
    headings = [str(h) for h in table.printed if is_mean_of_others(str(h))]
    if not headings or len(rows) < _FEWEST_ROWS:
        raise NotApplicableError("it needs a column of means beside the columns they are of")
    findings = []
    for heading in headings:
        printed = np.asarray(table.printed[heading], dtype=np.float64)[rows]
        digits = np.asarray(table.printed_unit[heading], dtype=np.float64)[rows]
        means = accuracies.mean(axis=1)
        gaps = [
            np.abs(printed - shift - scale * means) / (digits + abs(scale) * slack)
            for scale, shift in _FORMS
        ]
        off = max(gaps, key=lambda gap: int((gap <= _ROUNDING).sum()))
        known = np.isfinite(off)
        holds = known & (off <= _ROUNDING)
        if not _is_law(printed, digits, holds=holds, known=known) or holds.sum() == known.sum():
            continue
        if np.median(off[known & ~holds]) < _CLEARLY:
            continue
        wrong = np.flatnonzero(known & ~holds)
        findings.append(_finding(table, heading, rows, means, wrong=wrong, printed=printed))
    return findings


def _side_by_side(table: Table) -> tuple[list[int], Floats, Floats]:
    """Return the first row of each line of the file, its accuracies, and their rounding."""
    lines: dict[str, list[int]] = {}
    for row in range(len(table.frame)):
        lines.setdefault(table.named(row).partition(" (")[0], []).append(row)
    most = max(map(len, lines.values()), default=0)
    whole = [rows for rows in lines.values() if len(rows) == most >= _FEWEST_COLUMNS]
    places = np.array(whole, dtype=int).reshape(-1, most)
    accuracies = table.numbers("test_accuracy")[places]
    digits = table.units("test_accuracy")[places]
    return [rows[0] for rows in whole], accuracies, 0.5 * digits.mean(axis=1)


def _is_law(
    printed: Floats, digits: Floats, *, holds: NDArray[np.bool_], known: NDArray[np.bool_]
) -> bool:
    if holds.sum() < max(_FEWEST_ROWS, _HOLDS * known.sum()):
        return False
    spread = float(np.subtract(*np.quantile(printed[known], [0.75, 0.25])))
    luck = min(1.0, 4 * float(np.median(digits[holds])) / spread) if spread > 0 else 1.0
    return bool(luck ** int(holds.sum()) * len(_FORMS) < _LEVEL)


def _finding(
    table: Table,
    heading: str,
    rows: list[int],
    means: Floats,
    *,
    wrong: NDArray[np.int64],
    printed: Floats,
) -> Finding:
    numbers = [table.named(rows[i]).partition(" (")[0] for i in wrong]
    first = int(wrong[0])
    value = means[first] * (100 if printed[first] > 1 else 1)
    shown = ", ".join(numbers[:8]) + (", …" if len(numbers) > 8 else "")
    return Finding(
        severity="serious",
        says=f"{heading} is not the mean of the columns beside it where it is in the other rows",
        evidence=f"{counted(len(wrong), 'row')} of {len(rows)}, as row {numbers[0]}: "
        f"{printed[first]:.10g}, the mean is {value:.6g}; rows {shown}",
        settle="how the mean of each row was computed: weighted, of other columns, or copied",
        rows=tuple(rows[i] for i in wrong),
    )
