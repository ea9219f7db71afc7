from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit import RULES, audit_tables, published
from search_spaces.errors import UserError
from tests.checks.audit.honest import KINDS
from tests.checks.audit.shapes import SHAPES
from tests.checks.audit.simulate import audits_of

NUM_TABLES = 15


@pytest.mark.parametrize("name", [*KINDS, *SHAPES])
def test_silent_on_honest_tables(name: str, tmp_path: Path) -> None:
    """``python -m tests.checks.audit.simulate`` does it for thousands."""
    for audit in audits_of(name, NUM_TABLES, tmp_path):
        assert [f for f in audit.findings if f.severity != "note"] == []
        assert not audit.failed


def test_every_rule_is_reported_once() -> None:
    for audit in audit_tables(published("all")):
        found = {f.rule for f in audit.findings} & RULES.keys()
        assert found | set(audit.clean) | set(audit.skipped) == set(RULES)
        assert not set(audit.clean) & set(audit.skipped) and not found & set(audit.clean)


FOUND = {
    "report_a_q1a": [
        *[("averages", "error")] * 2,
        ("selection", "serious"),
        ("flipped_winner", "warning"),
        ("time_outliers", "warning"),
        ("placebo", "note"),
    ],
    "report_a_q1b": [("unconverged", "serious"), ("selection", "serious")],
    "report_a_q2": [("flops", "warning")] * 2,
    "report_b_q1a": [
        ("tied_accuracies", "serious"),
        *[("statements", "serious")] * 2,
        *[("same_settings", "warning")] * 2,
    ],
    "report_b_q1b": [
        ("whole_counts", "error"),
        ("ceiling", "serious"),
        ("statements", "serious"),
        *[("restated", "note")] * 2,
    ],
    "report_b_q1b_table3": [("ceiling", "serious")],
    "report_b_pin_memory": [("statements", "note")],
    "report_b_q2_table4": [
        ("restated", "serious"),
        ("statements", "serious"),
        ("unmatched", "warning"),
    ],
    "report_b_q2_figure8": [("unmatched", "warning")],
    "xiao_2017_table3": [],
}


def test_what_is_found_in_the_published_tables() -> None:
    audits = audit_tables(published("all"))
    found = {a.table: sorted((f.rule, f.severity) for f in a.findings) for a in audits}
    assert found == {table: sorted(findings) for table, findings in FOUND.items()}
    for audit in audits:
        for finding in audit.findings:
            assert finding.evidence and finding.settle and "nan" not in finding.evidence


def test_names() -> None:
    assert [t.name for t in published("report_a")] == [t for t in FOUND if "report_a" in t]
    assert [t.name for t in published("report_b_q1a")] == ["report_b_q1a"]
    with pytest.raises(UserError, match="did you mean"):
        published("report_b_qla")
