"""Tables that other people published: without a known defect, and with one.

What is known of each, and from where, stands in the README beside them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit import audit_table
from analysis.checks.audit.against import against
from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import Finding
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.table import Table

FOLDER = Path(__file__).parents[2] / "data" / "audit_tables"


def _read(name: str, num_test: int | None = None, runs: int | None = None) -> Table:
    return read_csv(FOLDER / name, Options({}, num_test=num_test, runs=runs))


def _found(table: Table) -> list[Finding]:
    return [finding for finding in audit_table(table).findings if finding.severity != "note"]


@pytest.mark.parametrize(
    ("name", "num_test", "first"),
    [
        ("torchvision.md", 50_000, 0.56522),
        ("resnet_cifar10.tex", 10_000, 0.9125),
        ("resnet_imagenet.tsv", 50_000, 0.7193),
        ("pytorch_cifar.md", 10_000, 0.9264),
        ("akamaster_cifar10.csv", 10_000, 0.9125),
        ("ui_tars_screenspot_v2.md", None, 0.852),
    ],
)
def test_silent(name: str, num_test: int | None, first: float) -> None:
    for stated in {num_test, None}:
        table = _read(name, stated)
        assert table.numbers("test_accuracy")[0] == pytest.approx(first)
        assert _found(table) == []


def test_silent_beside_a_confusion_matrix_without_true_negatives() -> None:
    table = _read("severus_hg002.md")
    assert _found(table) == []
    assert "confusion" in audit_table(table).clean


def test_a_test_set_of_125_where_124_are_stated() -> None:
    (finding,) = _found(_read("skillopt_livemath.csv", num_test=124, runs=1))
    assert (finding.rule, finding.severity, len(finding.rows)) == ("whole_counts", "error", 6)
    assert "all are whole counts of 125" in finding.evidence
    assert _found(_read("skillopt_livemath.csv", num_test=125, runs=1)) == []
    # Means of five runs explain one decimal of percent too, unless the user says that it is one.
    (note,) = audit_table(_read("skillopt_livemath.csv", num_test=124)).findings
    assert (note.rule, note.severity) == ("whole_counts", "note")


def test_f1_above_precision_and_recall() -> None:
    table = _read("nlp_progress_canonicalization.md")
    expected = [0.999, 0.919, 0.819, 0.983, 0.793, 0.005]
    assert table.numbers("test_f1") == pytest.approx(expected)
    (finding,) = _found(table)
    assert (finding.rule, finding.severity, len(finding.rows)) == ("averages", "error", 6)


def test_plain_and_weighted_means_in_one_column() -> None:
    (finding,) = _found(_read("ui_tars_screenspot.md"))
    assert (finding.rule, finding.severity) == ("mean_of_columns", "serious")
    assert "8 rows of 18" in finding.evidence
    table = _read("ui_tars_screenspot.md")
    methods = {table.frame["model"][row] for row in finding.rows}
    assert {"OS-Atlas-7B", "UI-TARS-7B"} <= methods and "SeeClick" not in methods


def test_exchanged_headings_beside_a_confusion_matrix() -> None:
    found = _found(_read("severus_colo829_swapped.csv"))
    assert [(f.rule, f.severity, len(f.rows)) for f in found] == [("confusion", "error", 4)] * 2


def test_errors_that_another_evaluation_does_not_give() -> None:
    published, again = _read("torchvision_errors.md"), _read("torchvision_again.csv")
    assert _found(published) == _found(again) == []
    (finding,) = against(published, again)
    assert (finding.rule, finding.severity) == ("against", "serious")
    names = [published.frame["model"][row] for row in finding.rows]
    assert names == ["AlexNet", "resnet34", "resnet50"]


def test_missed_f05_that_does_not_follow_from_precision_and_recall() -> None:
    """Averages over channels could look like it, so no rule can call it impossible."""
    assert _found(_read("telemanom_f05.csv")) == []
