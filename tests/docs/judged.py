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
from tests.docs.findings import is_whole, published_studies
from tests.docs.made import bullets, table

_REPORTS = {"report_a": "A", "report_b": "B"}
_SILENT = "not comparable"
_PROSE = "statements"


@functools.cache
def on_own_tables() -> pd.DataFrame:
    """Return the verdict on each claim on the tables that it was drawn from."""
    return to_frame(judge_published(PUBLISHED))


@functools.cache
def on_our_runs() -> pd.DataFrame:
    """Return the verdict on each claim on the published studies; all silent if there are none.

    A study with open rows judges nothing, because its rows so far are no fair choice of them.
    """
    bodies = [from_study(study) for study in published_studies().values() if is_whole(study)]
    if not bodies:
        return on_own_tables().assign(verdict=_SILENT, reason="no whole study is published")
    return to_frame(judge_all(PUBLISHED, bodies))


@functools.cache
def audits() -> tuple[Audit, ...]:
    """Return the audit of each published table."""
    return tuple(audit_tables(published("all")))


def in_short() -> str:
    """Return in few lines what holds of each report, for the front page."""
    return bullets([_in_short(report, letter) for report, letter in _REPORTS.items()])


def _in_short(report: str, letter: str) -> str:
    own, ours = _counts(on_own_tables(), report), _counts(on_our_runs(), report)
    made = sum(claim.source == report for claim in PUBLISHED)
    texts = [f"**Report {letter}** makes {made} claims"]
    texts += [f"on its own tables {own}"] if own else []
    texts += [f"on our runs {ours}"] if ours else []
    return f"{'; '.join(texts)}. The audit finds: {_audit_in_short(report)}."


def _audit_in_short(report: str) -> str:
    """Return the findings of which one alone is too many; sentences of the text are counted."""
    found = [finding for audit in audits() for finding in audit.findings]
    mine = [f for f in found if f.severity in FAILING and f.table.startswith(report)]
    told = [finding.says for finding in mine if finding.rule != _PROSE]
    if prose := sum(finding.rule == _PROSE for finding in mine):
        told.append(f"{counted(prose, 'sentence')} of the text against its own tables")
    return "; ".join(dict.fromkeys(told))


def _counts(frame: pd.DataFrame, report: str) -> str:
    """Return how many claims of a report hold; nothing if there are no rows for any of them."""
    mine = frame[frame["source"] == report]
    words = Counter(str(word).partition(" ")[0] for word in mine["verdict"])
    judged = len(mine) - int((mine["verdict"] == _SILENT).sum())
    if not judged:
        return ""
    held, broken = words["supported"], words["contradicted"]
    return (
        f"{judged} can be judged: {held} supported, {broken} contradicted, "
        f"{judged - held - broken} not decided"
    )


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
            _study_of(ours.get(claim.name)),
            _verdict(ours.get(claim.name)),
        ]
        for claim in PUBLISHED
    ]
    headings = ["report", "claim", "on its own table", "study", "on the published studies"]
    return table(headings, lines)


def _study_of(line: dict[Hashable, Any] | None) -> str:
    """Return the studies that judge a claim; a dash where none has rows for it."""
    return MISSING if line is None or line["verdict"] == _SILENT else str(line["evidence"])


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
