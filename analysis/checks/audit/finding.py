"""The results of rules: findings with their evidence, or why a rule could not be applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from analysis.frames.cells import half_up

SEVERITIES = ("error", "serious", "warning", "note")
"""Worst first: impossible; invalidates a conclusion; to be considered; for information."""
ROWS_ARE_NUMBERED = "rows are numbered from 1, without the line of headings"
FAILING = ("error", "serious")
"""Severities that make the command end with exit status 1."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong or doubtful.

    Attributes:
        rule: name of the rule, as in ``analysis.checks.audit.RULES``; ``of_rule`` adds it.
        severity: one of ``SEVERITIES``.
        table: name of the table or study; ``of_rule`` adds it.
        says: what is wrong, as a clause.
        evidence: the numbers behind it.
        settle: what would settle it.
        rows: positions of the rows concerned among those audited, from 0.
    """

    rule: str = ""
    severity: str
    table: str = ""
    says: str
    evidence: str
    settle: str
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        assert self.severity in SEVERITIES, self.severity


def of_rule(rule: str, table: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return what a rule found in a table, with the names of both."""
    return [replace(finding, rule=rule, table=table) for finding in findings]


class NotApplicableError(Exception):
    """A rule cannot be applied; the message says why."""


@dataclass(frozen=True)
class Audit:
    """The result of every rule on one table.

    Attributes:
        table: name of the table or study.
        num_rows: rows that were audited.
        findings: worst first.
        clean: rules that were applied and found nothing.
        skipped: rule -> why it could not be applied.
        remarks: how the table was read, one line each.
        names: the name of each row in findings, in the order of the rows.
    """

    table: str
    num_rows: int
    findings: tuple[Finding, ...]
    clean: tuple[str, ...]
    skipped: dict[str, str]
    remarks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a finding is an error or serious."""
        return any(finding.severity in FAILING for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the audit in JSON types; rows have the same names as in the text."""
        record = asdict(self) | {"failed": self.failed}
        names = record.pop("names")
        for finding in record["findings"]:
            called = [names[row] for row in finding["rows"]]
            finding["rows"] = [int(name) if name.isdigit() else name for name in called]
        return record


def percent(fraction: float, decimals: int = 2) -> str:
    """Return a fraction as a percentage, rounded as in the report: ``98.91 %``."""
    return f"{half_up(100 * fraction, decimals)} %"


def chance(probability: float) -> str:
    """Return a small probability in words, without digits that it does not have."""
    if probability < 1e-12:
        return "less than 1 in 10¹²"
    if probability >= 0.1:
        return f"{probability:.2f}"
    return f"about 1 in {1 / probability:,.0f}"
