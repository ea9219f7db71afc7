"""Compare a table with its own log, or with a second copy of itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.arms import disagreement
from analysis.checks.audit.finding import Finding, of_rule
from analysis.checks.audit.table import Table
from analysis.frames.cells import counted
from search_spaces.errors import UserError

Floats = NDArray[np.float64]
_FAR = 1e3


def against(table: Table, other: Table) -> list[Finding]:
    """Compare the rows and numbers of a table with those of another one.

    Rows are matched by the settings that both tables have, repeats of a setting so that their
    results agree best. A log may have more rows than a table that was made from it: they are a
    note.

    Raises:
        UserError: the tables have no row in common.
    """
    shared = _matched(table, other)
    if not shared:
        raise UserError(
            f"--against {other.name}: no row of {table.name} has the same settings as one of its "
            "rows; name its columns alike"
        )
    missing, added = (
        sorted({*range(len(one.frame))} - {pair[side] for pair in shared})
        for side, one in enumerate((table, other))
    )
    findings = [
        Finding(
            severity=severity,
            says=f"{one.name} has rows that {two.name} does not have",
            evidence=f"{counted(len(rows), 'row')}, as {one.describe(rows[0]) or 'row'} "
            f"({one.listed(rows)})",
            settle="the log that both were made from",
            rows=tuple(rows) if one is table else (),
        )
        for one, two, rows, severity in (
            (table, other, missing, "serious"),
            (other, table, added, "note"),
        )
        if rows
    ]
    for column in (str(c) for c in table.unit if c in other.unit):
        findings += disagreement(table, other, column, shared)
    return of_rule("against", table.name, findings)


def _matched(table: Table, other: Table) -> list[tuple[int, int]]:
    """Return the positions of each row and of its counterpart in the other table."""
    from scipy.optimize import linear_sum_assignment

    common = [name for name in table.settings if name in other.settings]
    ours, theirs = table.groups(common), other.groups(common)
    shared = []
    for key in ours.keys() & theirs.keys():
        rows, others = ours[key], theirs[key]
        apart = _apart(table, other, rows, others)
        shared += [(rows[i], others[j]) for i, j in zip(*linear_sum_assignment(apart), strict=True)]
    return sorted(shared)


def _apart(table: Table, other: Table, rows: list[int], others: list[int]) -> Floats:
    """Return by how many last digits each two rows disagree: (rows, others)."""
    apart = np.zeros((len(rows), len(others)))
    for column in map(str, table.unit):
        if column in other.unit and apart.size > 1:
            unit = np.fmax.outer(table.units(column)[rows], other.units(column)[others])
            gaps = np.subtract.outer(table.numbers(column)[rows], other.numbers(column)[others])
            apart += np.minimum(np.nan_to_num(np.abs(gaps) / np.fmax(unit, 1e-9)), _FAR)
    return apart
