"""Check tables of results, by rules, for what cannot be right or does not follow.

Run ``python -m analysis.audit TABLE.csv --num-test 14000``, or give the name of a published table
or a study directory. Every rule reports what it found, with the numbers behind it and what would
settle it, or says why it could not be applied. On an honest table it finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

import numpy as np

from analysis.checks.audit import (
    altered,
    arms,
    averages,
    counts,
    digits,
    factors,
    grid,
    means,
    picking,
    plausible,
    prose,
    sums,
    tied_times,
    ties,
    times,
)
from analysis.checks.audit.finding import (
    ROWS_ARE_NUMBERED,
    SEVERITIES,
    Audit,
    Finding,
    NotApplicableError,
    of_rule,
)
from analysis.checks.audit.reference_table import from_reference
from analysis.checks.audit.table import Table
from analysis.labs.reference import TABLES, load_table

__all__ = [
    "RULES",
    "Audit",
    "Finding",
    "Rule",
    "audit_table",
    "audit_tables",
    "from_reference",
    "published",
]

Rule = Callable[[Table], list[Finding]]

RULES: dict[str, Rule] = {
    "in_range": counts.in_range,
    "whole_counts": counts.whole_counts,
    "averages": averages.averages,
    "tied_accuracies": ties.tied_accuracies,
    "tied_times": tied_times.tied_times,
    "altered_copy": altered.altered_copy,
    "coarser_digits": digits.coarser_digits,
    "round_times": digits.round_times,
    "parts_and_total": sums.parts_and_total,
    "mean_of_columns": means.mean_of_columns,
    "confusion": sums.confusion,
    "repeated_settings": grid.repeated_settings,
    "repeated_rows": grid.repeated_rows,
    "confounded": grid.confounded,
    "ceiling": plausible.ceiling,
    "unconverged": plausible.unconverged,
    "selection": picking.selection,
    "grid_edge": picking.grid_edge,
    "placebo": factors.placebo,
    "flipped_winner": factors.flipped_winner,
    "time_outliers": times.time_outliers,
    "time_per_epoch": times.time_per_epoch,
    "time_per_batch": times.time_per_batch,
    "unmatched": arms.unmatched,
    "statements": prose.statements,
}
"""The rules for one table. Rules for several tables are in ``analysis.checks.audit.arms``."""


def audit_table(
    table: Table, more: Sequence[Finding] = (), rules: Mapping[str, Rule] = MappingProxyType(RULES)
) -> Audit:
    """Apply every rule to a table, and add ``more`` findings that were made elsewhere."""
    findings, clean, skipped = list(more), [], {}
    for name, rule in rules.items():
        try:
            if table.frame.empty:
                raise NotApplicableError("no rows")
            with np.errstate(all="ignore"):  # an infinite value gives NaN, which means unknown
                found = of_rule(name, table.name, rule(table))
        except NotApplicableError as reason:
            skipped[name] = str(reason)
            continue
        findings += found
        if not found:
            clean.append(name)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    names = tuple(table.named(row) for row in range(len(table.frame)))
    is_numbered = any(finding.rows for finding in findings) and all(map(str.isdigit, names))
    return Audit(
        table=table.name,
        num_rows=len(table.frame),
        findings=tuple(findings),
        clean=tuple(clean),
        skipped=skipped,
        remarks=(*table.remarks, *([ROWS_ARE_NUMBERED] if is_numbered else [])),
        names=names,
    )


def audit_tables(
    tables: Sequence[Table], found: Mapping[str, Sequence[Finding]] = MappingProxyType({})
) -> list[Audit]:
    """Audit tables one by one and against each other.

    Two tables of the same report are compared if one restates the other or they share settings.
    FLOPs are compared over all tables. ``found`` are findings that were made elsewhere, by table.
    """
    more = {table.name: list(found.get(table.name, ())) for table in tables}
    for first, second in combinations(tables, 2):
        if not first.protocol.report or first.protocol.report != second.protocol.report:
            continue
        if second.name == first.protocol.restates or first.name == second.protocol.restates:
            more[first.name] += arms.restated(first, second)
        else:
            more[first.name] += arms.same_settings(first, second)
    for finding in arms.flops(tables):
        more[finding.table].append(finding)
    return [audit_table(table, more[table.name]) for table in tables]


def published(name: str) -> list[Table]:
    """Return a published table, or those of ``report_a``, ``report_b`` or ``all``.

    Raises:
        UserError: there is no such table or report.
    """
    references = [load_table(table) for table in TABLES]
    chosen = [r for r in references if name in ("all", r.protocol.report)]
    return [from_reference(reference) for reference in chosen or [load_table(name)]]
