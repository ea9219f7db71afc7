from __future__ import annotations

import numpy as np
import pytest

from analysis.audit import from_reference
from analysis.audit.finding import NotApplicableError
from analysis.audit.times import time_outliers, time_per_batch, time_per_epoch
from analysis.reference import load_table
from tests.honest import GRID, Kind, honest_table
from tests.tables import table


def test_slowed_rows_are_found() -> None:
    honest = honest_table(np.random.default_rng(0), Kind(GRID, 14_000, 6))
    assert time_outliers(honest) == [] and time_per_epoch(honest) == []
    honest.frame.loc[[7, 90], "train_seconds"] *= [1.5, 0.6]
    finding = time_outliers(honest)[0]
    assert finding.severity == "warning" and finding.rows == (7, 90)


def test_report_a_has_four_slow_rows() -> None:
    finding = time_outliers(from_reference(load_table("report_a_q1a")))[0]
    assert finding.rows == (108, 109, 110, 111) and "1.16×" in finding.evidence
    assert time_per_epoch(from_reference(load_table("report_a_q1a"))) == []


@pytest.mark.parametrize(
    ("seconds", "found"),
    [([20.0, 50.0], False), ([25.0, 50.0], False), ([20.0, 20.5], True), ([20.0, 70.0], True)],
)
def test_epochs(seconds: list[float], found: bool) -> None:
    assert bool(time_per_epoch(table(epochs=[2, 5], train_seconds=seconds))) is found


@pytest.mark.parametrize(
    ("seconds", "found"),
    [([20.0, 10.5], False), ([20.0, 20.0], False), ([20.0, 7.0], True), ([20.0, 30.0], True)],
)
def test_batches(seconds: list[float], found: bool) -> None:
    assert bool(time_per_batch(table(batch_size=[16, 32], train_seconds=seconds))) is found
    assert time_per_batch(from_reference(load_table("report_a_q1a"))) == []


def test_what_cannot_be_tested_says_so() -> None:
    with pytest.raises(NotApplicableError, match="train_seconds"):
        time_outliers(table(lr=[1, 2]))
    with pytest.raises(NotApplicableError, match="four rows"):
        time_outliers(table(lr=[1, 2], train_seconds=[1.0, 9.0]))
    with pytest.raises(NotApplicableError, match="SVM"):
        time_outliers(table(kernel=["rbf"] * 5, train_seconds=[1.0] * 5))
    with pytest.raises(NotApplicableError, match="epochs"):
        time_per_epoch(table(epochs=[5, 5], train_seconds=[1.0, 9.0]))
