from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit import RULES, audit_tables, published
from search_spaces.errors import UserError
from tests.checks.audit.planting import PLANTED
from tests.checks.audit.power import found
from tests.checks.audit.simulate import NAMES, audits_of, highest_rate

NUM_TABLES = 5
ALWAYS_FOUND = (
    "all an arm's accuracies are another's minus 1.00",
    "all an arm's times are another's",
    "two devices have one set of accuracies",
    "30 of 128 rows have the settings of others",
    "the mean of 1 of 10 rows is not that of its columns",
    "parts do not add to their total in 4 of 32 rows",
    "weighted recall is headed F1, F1 precision and precision recall",
    "beside a confusion matrix: false positives and negatives are exchanged",
)


@pytest.mark.parametrize("name", NAMES)
def test_silent_on_honest_tables(name: str, tmp_path: Path) -> None:
    """``python -m tests.checks.audit.simulate`` does it for thousands."""
    for audit in audits_of(name, NUM_TABLES, tmp_path):
        assert [f for f in audit.findings if f.severity != "note"] == []
        assert not audit.failed


@pytest.mark.parametrize("kind", ALWAYS_FOUND)
def test_planted_defects_are_found(kind: str, tmp_path: Path) -> None:
    """``python -m tests.checks.audit.power`` plants more kinds, some of which are often missed."""
    assert found(kind, 3, tmp_path) == (3, 0, 0)


def test_every_planted_defect_names_a_rule() -> None:
    assert {rule for rule, _ in PLANTED.values()} <= RULES.keys()


def test_the_limit_of_a_rate() -> None:
    assert highest_rate(0, 3000) == pytest.approx(0.000998, rel=1e-3)
    assert highest_rate(5, 5) == 1


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
