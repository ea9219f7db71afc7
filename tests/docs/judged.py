"""What holds of the two lab reports, as parts of pages: their claims, judged, and their audit."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Hashable
from typing import Any

import pandas as pd

from analysis.checks.audit import audit_tables, published
from analysis.checks.audit.finding import FAILING, Audit
from analysis.checks.claims import from_study, judge_all, judge_published, numbers_of, to_frame
from analysis.frames.cells import counted
from analysis.frames.labels import MISSING
from analysis.labs.claims import PUBLISHED
from analysis.sections.answer import duration
from tests.docs.costs import costs
from tests.docs.findings import published_studies
from tests.docs.made import table

_REPORTS = {"report_a": "A", "report_b": "B"}
_SILENT = "not comparable"
_PROSE = "statements"


@functools.cache
def on_own_tables() -> pd.DataFrame:
    """Return the verdict on each claim on the tables that it was drawn from."""
    return to_frame(judge_published(PUBLISHED))


@functools.cache
def on_our_runs() -> pd.DataFrame:
    """Return the verdict on each claim on the published studies; all silent if there are none."""
    bodies = [from_study(study) for study in published_studies().values()]
    if not bodies:
        return on_own_tables().assign(verdict=_SILENT, reason="no study is published")
    return to_frame(judge_all(PUBLISHED, bodies))


@functools.cache
def audits() -> tuple[Audit, ...]:
    """Return the audit of each published table."""
    return tuple(audit_tables(published("all")))


def in_short() -> str:
    """Return what holds of each report as a small table, for the front page."""
    lines = {
        "claims, judged on its own tables": [_counts(on_own_tables(), r) for r in _REPORTS],
        "supported there": [_listed(on_own_tables(), r, "supported") for r in _REPORTS],
        "contradicted there": [_listed(on_own_tables(), r, "contradicted") for r in _REPORTS],
        "claims, judged on our runs": [_counts(on_our_runs(), r) for r in _REPORTS],
        "supported by our runs": [_listed(on_our_runs(), r, "supported") for r in _REPORTS],
        "contradicted by our runs": [_listed(on_our_runs(), r, "contradicted") for r in _REPORTS],
        "what the audit finds": [_audit_in_short(r) for r in _REPORTS],
        "training time, each on its own machine": [_cost_in_short(r) for r in _REPORTS],
    }
    headings = ["", *(f"report {letter}" for letter in _REPORTS.values())]
    shown = [[name, *cells] for name, cells in lines.items() if set(cells) != {MISSING}]
    return table(headings, shown)


def _counts(frame: pd.DataFrame, report: str) -> str:
    mine = frame[frame["source"] == report]
    words = Counter(str(word).partition(" ")[0] for word in mine["verdict"])
    silent = int((mine["verdict"] == _SILENT).sum())
    if silent == len(mine):
        return MISSING
    undecided = len(mine) - words["supported"] - words["contradicted"] - silent
    return (
        f"{len(mine)}: {words['supported']} supported, {words['contradicted']} contradicted, "
        f"{undecided} not decided, {silent} without rows to judge"
    )


def _listed(frame: pd.DataFrame, report: str, word: str) -> str:
    found = frame[(frame["source"] == report) & frame["verdict"].str.startswith(word)]
    return " ".join(map(str, found["sentence"])) or MISSING


def _audit_in_short(report: str) -> str:
    """Return the findings of which one alone is too many; sentences of the text are counted."""
    found = [
        finding
        for audit in audits()
        for finding in audit.findings
        if finding.severity in FAILING and finding.table.startswith(report)
    ]
    told = [finding.says for finding in found if finding.rule != _PROSE]
    if prose := sum(finding.rule == _PROSE for finding in found):
        told.append(f"{counted(prose, 'sentence')} of the text against its own tables")
    return "; ".join(dict.fromkeys(told))


def _cost_in_short(report: str) -> str:
    texts = [
        f"{duration(cost.there / cost.num_there)} a row ({counted(cost.num_there, 'row')}); here "
        f"{duration(cost.here / cost.num_here)} ({cost.num_here} of {cost.study} with these "
        f"settings{f'; {cost.differ}' if cost.differ else ''})"
        for cost in costs()
        if cost.report == report
    ]
    return ". ".join(texts) or MISSING


def claims_table() -> str:
    """Return every claim with its verdict on its own table and on the published studies."""
    own, ours = (
        {line["claim"]: line for line in frame.to_dict("records")}
        for frame in (on_own_tables(), on_our_runs())
    )
    lines = [
        [
            _REPORTS.get(claim.source, ""),
            claim.text,
            _verdict(own.get(claim.name)),
            _verdict(ours.get(claim.name)),
        ]
        for claim in PUBLISHED
    ]
    headings = ["report", "claim", "on its own table", "on the published studies"]
    return table(headings, lines)


def _verdict(line: dict[Hashable, Any] | None) -> str:
    """Return a verdict with its numbers; a dash where there are no rows for the claim."""
    if line is None or line["verdict"] == _SILENT:
        return MISSING
    return f"{line['verdict']}: {numbers_of(line)}"


def audit_table() -> str:
    """Return what the audit finds in the published tables, without notes."""
    lines = [
        [finding.table.removeprefix("report_"), finding.severity, finding.says, finding.evidence]
        for audit in audits()
        for finding in audit.findings
        if finding.severity != "note"
    ]
    return table(["table", "severity", "finding", "evidence"], lines)
