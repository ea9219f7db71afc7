from __future__ import annotations

import numpy as np
import pytest

from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.tied_times import tied_times
from analysis.checks.audit.ties import tied_accuracies
from tests.checks.audit.tables import table

ARMS = {"device": ["cpu"] * 4 + ["cuda"] * 4, "lr": [1, 2, 3, 4] * 2}
TIMES = [88.36, 45.12, 97.75, 61.04]
ACCURACIES = [0.91, 0.93, 0.92, 0.89]


def test_two_devices_with_one_set_of_times() -> None:
    accuracy = [*ACCURACIES, 0.912, 0.931, 0.918, 0.895]
    columns = {**ARMS, "test_accuracy": accuracy, "num_test": None, "unit": 1e-2}
    (finding,) = tied_times(table(**columns, train_seconds=TIMES * 2))
    assert finding.severity == "serious" and "differ in device" in finding.says
    assert tied_times(table(**columns, train_seconds=[*TIMES, 8.1, 4.4, 9.2, 6.3])) == []


@pytest.mark.parametrize(
    ("seconds", "is_found"),
    [([15.54, 15.61, 15.72, 15.87], False), ([18.04, 18.11, 18.22, 18.37], True)],
)
def test_the_chance_counts_once_for_each_factor(seconds: list[float], is_found: bool) -> None:
    """Half a percent of 15.68 s are 7.84 digits: four pairs tie by (1.5 / 16.7)⁴, 6.5 of 100,000.

    For two factors that is 13, above the level of 10. At 18.18 s it is 7.5.
    """
    accuracy = [*ACCURACIES, 0.912, 0.931, 0.918, 0.895]
    columns = {**ARMS, "test_accuracy": accuracy, "num_test": None, "unit": 1e-2}
    assert bool(tied_times(table(**columns, train_seconds=seconds * 2))) == is_found


def test_two_devices_with_one_set_of_accuracies() -> None:
    columns = {**ARMS, "num_test": 10_000, "test_accuracy": ACCURACIES * 2, "unit": 1e-4}
    times = [*TIMES, 8.1, 4.4, 9.2, 6.3]
    (finding,) = tied_accuracies(table(**columns, train_seconds=times))
    assert finding.severity == "warning" and "differ in device" in finding.says
    # Without a time nothing says that they were trained: one set of weights, run on both.
    assert tied_accuracies(table(**ARMS, test_accuracy=ACCURACIES * 2)) == []


def test_honest_ties_of_accuracies() -> None:
    svm = {"kernel": ["rbf"] * 8, "gamma": ["scale", "auto"] * 4, "C": np.repeat([1, 2, 3, 4], 2)}
    with pytest.raises(NotApplicableError):
        tied_accuracies(table(**svm, test_accuracy=np.repeat(ACCURACIES, 2)))
    trees = {"model": ["forest"] * 8, "depth": [5, 10] * 4, "lr": np.repeat([1, 2, 3, 4], 2)}
    with pytest.raises(NotApplicableError):
        tied_accuracies(table(**trees, test_accuracy=np.repeat(ACCURACIES, 2)))
    # The best epoch of 20 may be among the first 10.
    epochs = table(
        epochs=[10, 20] * 4, lr=np.repeat([1, 2, 3, 4], 2), test_accuracy=np.repeat(ACCURACIES, 2)
    )
    assert [f.severity for f in tied_accuracies(epochs)] == ["note"]


def test_budgets_and_repeated_rows_may_tie() -> None:
    budgets = table(**ARMS, train_seconds=[3600.01, 3600.02, 3600.01, 3600.01] * 2, unit=1e-2)
    with pytest.raises(NotApplicableError, match="budgets"):
        tied_times(budgets)
    again = {"lr": [1, 2, 3] * 2, "train_seconds": [88.3614, 45.1277, 97.7531] * 2}
    assert tied_times(table(**again, test_accuracy=[0.9, 0.8, 0.7] * 2)) == []
    assert tied_times(table(**again, test_accuracy=[0.9, 0.8, 0.7, 0.91, 0.81, 0.71])) != []
