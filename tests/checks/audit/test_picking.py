from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from analysis.audit import from_reference
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.picking import grid_edge, selection
from analysis.labs.reference import Protocol, Statement, load_table
from analysis.stats import proportion_interval
from tests.checks.audit.tables import table

BEST = Statement("best", "hand-made", "it is the best", "best", arguments={"has": {}})


@pytest.mark.parametrize(("count", "num"), [(13_869, 14_000), (0, 10), (10, 10), (138, 160)])
def test_the_interval_is_scipys(count: int, num: int) -> None:
    expected = binomtest(count, num).proportion_ci(method="exact")
    assert proportion_interval(count, num) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_the_interval_of_report_as_best_row() -> None:
    low, high = proportion_interval(0.99064286 * 14_000, 14_000)
    assert (round(100 * low, 2), round(100 * high, 2)) == (98.89, 99.22)


def test_selection() -> None:
    accuracies = {"lr": [1, 2, 3], "test_accuracy": [0.9900, 0.9895, 0.9000]}
    finding = selection(table(**accuracies, statements=[BEST]))[0]
    assert finding.severity == "serious"
    assert "largest of 3" in finding.evidence and "1 other row lies in it" in finding.evidence
    validated = [0.98, 0.99, 0.9]
    assert selection(table(**accuracies, val_accuracy=validated, statements=[BEST])) == []
    for picked_on, num in (("test", 1), ("val", 0)):
        stated = Protocol(selection=picked_on)
        assert len(selection(table(**accuracies, protocol=stated))) == num
    with pytest.raises(NotApplicableError, match="--selected-on"):
        selection(table(**accuracies))


def test_selection_in_report_a() -> None:
    finding = selection(from_reference(load_table("report_a_q1a")))[0]
    assert "98.89 to 99.22 and 3 other rows" in finding.evidence
    finding = selection(from_reference(load_table("report_a_q1b")))[0]
    assert "best of 15 configurations" in finding.evidence


def test_grid_edge() -> None:
    grid = {"lr": [1e-4, 1e-3, 1e-2] * 2, "model": np.repeat(["a", "b"], 3)}
    rising = table(**grid, test_accuracy=[0.90, 0.91, 0.92, 0.90, 0.92, 0.93])
    assert [(f.severity, "beyond 0.01" in f.settle) for f in grid_edge(rising)] == [("note", True)]
    assert grid_edge(table(**grid, test_accuracy=[0.90, 0.93, 0.92] * 2)) == []
    with pytest.raises(NotApplicableError):
        grid_edge(table(lr=[1e-4, 1e-3], test_accuracy=[0.8, 0.9]))
