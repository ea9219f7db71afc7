from __future__ import annotations

import numpy as np
import pytest

from analysis.checks.audit.altered import altered_copy
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.table import Table
from tests.checks.audit.honest import SMALL, Kind, honest_table
from tests.checks.audit.tables import table


def copied(shift: list[float], column: str = "test_accuracy") -> Table:
    """Return an honest table whose Adam rows on MNIST are the SGD rows, shifted."""
    honest = honest_table(np.random.default_rng(5), Kind(SMALL, 14_000, 6))
    pairs = honest.pairs("optimizer", "sgd", "adam", honest.subset({"dataset": "mnist"}))
    for number, (a, b) in enumerate(pairs):
        copy = honest.frame.loc[a, column] - shift[number % len(shift)]
        honest.frame.loc[b, column] = np.round(copy, 8)
    return honest


def test_an_honest_table_has_no_altered_copy() -> None:
    assert altered_copy(honest_table(np.random.default_rng(5), Kind(SMALL, 14_000, 6))) == []


def test_one_point_less_everywhere() -> None:
    (finding,) = altered_copy(copied([0.01]))
    assert finding.severity == "serious" and len(finding.rows) >= 14
    assert finding.says == (
        "test_accuracy of optimizer sgd is that of optimizer adam plus a constant"
    )
    assert "pairs differ by exactly +0.01, as" in finding.evidence


def test_leading_digits_altered() -> None:
    """Twelve accuracies to four digits, and again with one or two points less."""
    first = np.round(np.random.default_rng(0).integers(8000, 9900, 12) / 10_000, 4)
    second = first - np.tile([0.01, 0.02, 0.03, 0.04], 3)
    columns = {"lr": [*range(12)] * 2, "optimizer": ["adam"] * 12 + ["sgd"] * 12}
    columns |= {"num_test": 10_000, "unit": 1e-4}
    (finding,) = altered_copy(table(test_accuracy=[*first, *second], **columns))
    assert "with digits altered" in finding.says and "12 of 12 pairs" in finding.evidence
    noise = np.random.default_rng(1).integers(-200, 200, 12) / 10_000
    assert altered_copy(table(test_accuracy=[*first, *first + noise], **columns)) == []


def test_times_with_a_digit_more() -> None:
    """Three pairs of times to the hundredth of a millisecond, 100 s apart."""
    times = [614.09421, 648.61013, 1909.74804]
    columns = {"lr": [1, 2, 3] * 2, "optimizer": ["sgd"] * 3 + ["adam"] * 3}
    altered = [*times, *(t + 100 for t in times)]
    (finding,) = altered_copy(table(**columns, train_seconds=altered, unit=1e-5))
    assert finding.rows == tuple(range(6)) and "exactly" in finding.evidence
    other = [*times, 714.09433, 748.71013, 2009.8]
    assert altered_copy(table(**columns, train_seconds=other, unit=1e-5)) == []


def test_budgets_and_solvers_repeat_one_pair() -> None:
    """Each method at 300 and at 3600 seconds: the difference is one pair, four times."""
    columns = {"model": ["a", "b", "c", "d"] * 2, "lr": [1] * 4 + [2] * 4}
    budgets = [300.0] * 4 + [3600.0] * 4
    assert altered_copy(table(**columns, train_seconds=budgets, unit=1e-2)) == []
    with pytest.raises(NotApplicableError):
        altered_copy(table(lr=[1, 1], test_accuracy=[0.9, 0.8]))


def test_a_long_table_is_not_said_to_have_no_rows_that_differ_in_one_setting() -> None:
    sizes = np.tile([16, 32], 151)
    long = table(test_accuracy=np.linspace(0.5, 0.9, 302), batch_size=sizes, lr=np.arange(302) // 2)
    with pytest.raises(NotApplicableError, match="more than 300 rows"):
        altered_copy(long)
