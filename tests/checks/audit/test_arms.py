from __future__ import annotations

import math
from dataclasses import replace

import pytest

from analysis.audit import from_reference
from analysis.checks.audit.arms import flops, restated, same_settings, unmatched
from analysis.checks.audit.table import Table
from analysis.labs.reference import load_table
from tests.checks.audit.tables import table


def published(name: str) -> Table:
    return from_reference(load_table(name))


def test_rows_without_a_counterpart() -> None:
    (finding,) = unmatched(published("report_b_q2_table4"))
    assert finding.rows == (4,) and "model=resnet50" in finding.evidence
    assert unmatched(published("report_a_q2")) == []
    full = {"device": ["cpu", "cuda"] * 2, "lr": [1, 1, 2, 2], "test_accuracy": [0.9] * 4}
    assert unmatched(table(**full, compared=["device"])) == []


def test_table_and_figure_list_different_rows() -> None:
    rows, *others = restated(published("report_b_q2_table4"), published("report_b_q2_figure8"))
    assert rows.severity == "serious" and others == []
    assert "table4 alone has device=cpu, optimizer=adam" in rows.evidence
    assert "figure8 alone has device=cuda, optimizer=sgd, model=resnet50" in rows.evidence


def test_cut_digits_and_different_numbers() -> None:
    found = restated(published("report_b_q1b_table3"), published("report_b_q1b"))
    assert {f.severity for f in found} == {"note"} and "cut off" in found[0].says
    one = table(lr=[1, 2], test_accuracy=[0.91, 0.92], unit=1e-4)
    other = table(lr=[1, 2], test_accuracy=[0.91001, 0.92], unit=1e-5)
    assert restated(one, other) == []
    other = table(lr=[1, 2], test_accuracy=[0.91, 0.9213], unit=1e-4)
    assert [f.severity for f in restated(one, other)] == ["serious"]


def test_same_settings_other_accuracy() -> None:
    (finding,) = same_settings(published("report_b_q1a"), published("report_b_q2_table4"))
    assert finding.severity == "warning" and "92.23 % and 86.75 %" in finding.evidence
    how = "(sgd momentum 0.9, adam defaults against sgd no momentum, adam defaults)"
    assert f"optimizer details {how}" in finding.evidence
    assert same_settings(published("report_a_q1a"), published("report_a_q2")) == []
    rows = {"dataset": ["mnist"], "model": ["a"]}
    one, other = (table(**rows, test_accuracy=[a]) for a in (0.95, 0.90))
    assert [f.severity for f in same_settings(one, other)] == ["serious"]
    # Five standard errors of 14,000 images are 1.4 points; training may add half a point.
    for accuracy, number in ((0.934, 0), (0.929, 1)):
        assert len(same_settings(one, table(**rows, test_accuracy=[accuracy]))) == number


def test_flops_are_counted_differently() -> None:
    findings = flops([published("report_a_q2"), published("report_b_q2_figure8")])
    assert ["27.6-fold" in f.says or "26.4-fold" in f.says for f in findings] == [True, True]
    assert "about 55-fold apart" in findings[0].evidence
    assert flops([published("report_a_q2")]) == []


@pytest.mark.parametrize("unknown", [math.nan, 0.0, math.inf])
def test_flops_that_are_unknown_or_zero_are_not_compared(unknown: float) -> None:
    both = table(model=["a", "b", "a"], flops=[1e9, unknown, unknown])
    assert flops([both]) == []
    assert flops([both, replace(both, name="other")]) == []
