from __future__ import annotations

import numpy as np
import pytest

from analysis.audit import RULES, audit_table, audit_tables, published
from search_spaces.errors import UserError
from tests.checks.audit.honest import GRID, SMALL, Kind, honest_table

SEEDS = {"dataset": ("mnist", "fashion_mnist"), "lr": (1e-2, 1e-3), "seed": (0, 1, 2, 3, 4, 5)}
SVMS = {"dataset": ("mnist", "fashion_mnist"), "kernel": ("rbf", "poly"), "C": (0.1, 1, 10)}
KINDS = {
    "128 rows, all digits": (Kind(GRID, 14_000, 6, "weighted"), 25),
    "32 rows, four digits": (Kind(SMALL, 12_000, 4), 40),
    "32 rows, two digits, uneven times": (Kind(SMALL, 12_000, 2, time_noise=0.08), 40),
    "few images": (Kind(SMALL, 160, 2, floor=(0.1, 0.25)), 40),
    "seeds": (Kind(SEEDS, 14_000, 6), 40),
    "support vector machines": (Kind(SVMS, 12_000, 6, floor=(0.03, 0.18)), 40),
}


@pytest.mark.parametrize("name", KINDS)
def test_silent_on_honest_tables(name: str) -> None:
    """Every rule by itself is tested on more; together they must not add up to noise."""
    kind, num = KINDS[name]
    rng = np.random.default_rng(len(name))
    for _ in range(num):
        audit = audit_table(honest_table(rng, kind))
        assert [f for f in audit.findings if f.severity != "note"] == []
        assert {"whole_counts", "averages"} <= {*audit.clean, *audit.skipped}
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
