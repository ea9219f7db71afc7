"""Compare a table with its own log, or with a second copy of itself."""

from __future__ import annotations

from analysis.checks.audit.arms import disagreement
from analysis.checks.audit.finding import Finding
from analysis.checks.audit.table import Table
from analysis.frames.cells import counted
from search_spaces.errors import UserError


def against(table: Table, other: Table) -> list[Finding]:
    """Compare the rows and numbers of a table with those of another one.

    Rows are matched by the settings that both tables have, repeats of a setting in their order. A
    log may have more rows than a table that was made from it: they are a note.

    Raises:
        UserError: the tables have no row in common.
    """
    common = [name for name in table.settings if name in other.settings]
    ours, theirs = _numbered(table, common), _numbered(other, common)
    place = {key: row for row, key in enumerate(theirs)}
    shared = [(row, place[key]) for row, key in enumerate(ours) if key in place]
    if not shared:
        raise UserError(
            f"--against {other.name}: no row of {table.name} has the same settings as one of its "
            "rows; name its columns alike"
        )
    missing = [row for row, key in enumerate(ours) if key not in place]
    added = [row for row, key in enumerate(theirs) if key not in set(ours)]
    findings = [
        Finding(
            rule="against",
            severity=severity,
            table=table.name,
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
        findings += disagreement(table, other, column, shared, rule="against")
    return findings


def _numbered(table: Table, columns: list[str]) -> list[tuple[str, ...]]:
    """Return each row's settings, and how often they stood before."""
    seen: dict[tuple[str, ...], int] = {}
    keys = []
    for key in table.keys(columns):
        seen[key] = seen.get(key, 0) + 1
        keys.append((*key, str(seen[key])))
    return keys
