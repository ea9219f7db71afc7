"""Check what a text says about a table against the table.

A statement is data (``analysis.labs.reference.Statement``), and ``KINDS`` says how each kind is
checked. Only the printed numbers are compared. Whether a difference is more than noise is a
question for statistics (``analysis.checks.claims``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, percent
from analysis.checks.audit.reference_table import from_reference
from analysis.checks.audit.table import Table
from analysis.labs.reference import load_table

_SAME_TIME = np.log(1.05)
"""Times of two runs of the same work may differ by this much."""


class Verdict(NamedTuple):
    """Whether a statement holds (None if the table cannot decide), and the numbers behind it."""

    holds: bool | None
    evidence: str


_UNMATCHED = Verdict(None, "no matched pairs")


def statements(table: Table) -> list[Finding]:
    """Check every statement about the table."""
    if not table.statements:
        raise NotApplicableError("no statements about this table are known")
    findings = []
    for statement in table.statements:
        verdict = KINDS[statement.kind](table, statement.where, dict(statement.arguments))
        if verdict.holds is True:
            continue
        contradicted = verdict.holds is False
        findings.append(
            Finding(
                severity="serious" if contradicted else "note",
                says=f"the text says that {statement.says}; "
                + ("its own table says otherwise" if contradicted else "the table cannot tell"),
                evidence=verdict.evidence,
                settle="another sentence, or another table"
                if contradicted
                else "more pairs of runs",
            )
        )
    return findings


def _rows(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    num = int(table.subset(where).sum())
    return Verdict(num == a["count"], f"{num} rows")


def _best(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    values = np.where(table.subset(where), table.numbers(a["metric"]), -np.inf)
    top = np.flatnonzero(values == values.max())
    named = table.subset(a["has"])
    return Verdict(
        bool(named[top].any()),
        f"the best is row {table.named(int(top[0]))}: {table.describe(int(top[0]))}",
    )


def _share_above(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    values = table.numbers(a["metric"])[table.subset(where)]
    num = int((values > a["above"]).sum())
    return Verdict(
        num >= a["at_least"] * len(values),
        f"{num} of {len(values)} are above {percent(a['above'], 1)}",
    )


def _paired(
    table: Table, where: Any, a: dict[str, Any], first: str, second: str
) -> NDArray[np.float64]:
    """Return the metric of the matched pairs of the two levels that the arguments name."""
    return table.paired(a["metric"], a["factor"], a[first], a[second], table.subset(where))


def _wins(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    better, worse = _paired(table, where, a, "better", "worse")
    num, won, tied = len(better), int((better > worse).sum()), int((better == worse).sum())
    if not num:
        return _UNMATCHED
    return Verdict(
        won + (tied if a.get("ties_count") else 0) >= a["at_least"] * num,
        f"{a['better']} is better than {a['worse']} in {won} of {num} matched pairs, "
        f"worse in {num - won - tied}, equal in {tied}",
    )


def _ratios(table: Table, where: Any, a: dict[str, Any]) -> NDArray[np.float64]:
    over, under = _paired(table, where, a, "over", "under")
    ratios: NDArray[np.float64] = over[under > 0] / under[under > 0]
    return ratios


def _ratio(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    ratios = _ratios(table, where, a)
    low, high = a.get("low", 0.0), a.get("high", np.inf)
    what = f"{a['metric']} of {_level(a['over'])} over {_level(a['under'])}"
    evidence = f"{what}: {', '.join(f'{r:.3g}' for r in sorted(ratios))}"
    if not len(ratios):
        return _UNMATCHED
    if not ((low <= ratios) & (ratios <= high)).all():
        return Verdict(False, f"{evidence}; stated {_span(low, high)}")
    if len(ratios) == 1 and abs(np.log(ratios[0])) < _SAME_TIME and "seconds" in a["metric"]:
        return Verdict(None, f"{evidence}: one pair, within the variation of one run's time")
    return Verdict(True, evidence)


def _level(level: Any) -> str:
    return {True: "on", False: "off"}[level] if isinstance(level, bool) else str(level)


def _span(low: float, high: float) -> str:
    if not np.isfinite(high):
        return f"{low:g} or more"
    return f"{low:g} to {high:g}" if low else f"at most {high:g}"


def _close(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    first, second = _paired(table, where, a, "first", "second")
    if not len(first):
        return _UNMATCHED
    most = float(np.abs(first - second).max())
    return Verdict(
        most <= a["within"], f"{len(first)} pairs differ by at most {100 * most:.2f} points"
    )


def _advantage(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    sides = [
        _paired(table, {**where, a["by"]: level}, a, "better", "worse")
        for level in (a["larger_at"], a["than_at"])
    ]
    if not all(side.size for side in sides):
        return _UNMATCHED
    means = [float(np.mean(better - worse)) for better, worse in sides]
    return Verdict(
        means[0] > means[1],
        f"the advantage is {100 * means[0]:+.2f} points at {a['by']} {a['larger_at']} and "
        f"{100 * means[1]:+.2f} at {a['than_at']}",
    )


def _gain(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    ratios = [
        _ratios(table, {**where, a["by"]: level}, a) for level in (a["larger_at"], a["than_at"])
    ]
    if not all(len(r) for r in ratios):
        return _UNMATCHED
    first, second = (float(np.median(r)) for r in ratios)
    return Verdict(
        first > second, f"{first:.1f}× for {a['larger_at']}, {second:.1f}× for {a['than_at']}"
    )


def _across(table: Table, where: Any, a: dict[str, Any]) -> Verdict:
    ours = table.numbers(a["metric"])[table.subset(where)]
    other = from_reference(load_table(a["other"]))
    theirs = other.numbers(a["metric"])
    evidence = (
        f"{a['metric']} is {np.min(ours):.4g} to {np.max(ours):.4g} here and "
        f"{np.min(theirs):.4g} to {np.max(theirs):.4g} in {other.name}"
    )
    return Verdict(bool((np.median(ours) > np.median(theirs)) == a["above"]), evidence)


KINDS: dict[str, Callable[[Table, Any, dict[str, Any]], Verdict]] = {
    "rows": _rows,
    "best": _best,
    "share_above": _share_above,
    "wins": _wins,
    "ratio": _ratio,
    "close": _close,
    "advantage": _advantage,
    "gain": _gain,
    "across": _across,
}
"""How each kind of statement is checked."""
