from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats import mean_interval, proportion_interval

# Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 5.
NEWCOMBE = [
    (81, 263, 0.2527, 0.3676),
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0000, 0.1684),
    (1, 29, 0.0009, 0.1776),
]


@pytest.mark.parametrize(("num_correct", "num_images", "low", "high"), NEWCOMBE)
def test_proportion_is_that_of_a_published_table(
    num_correct: int, num_images: int, low: float, high: float
) -> None:
    assert proportion_interval(num_correct, num_images) == pytest.approx((low, high), abs=5e-5)


def test_proportion_takes_halves_and_ends_at_the_ends() -> None:
    low, high = proportion_interval(2.5, 8)
    assert proportion_interval(2, 8).low < low < 2.5 / 8 < high < proportion_interval(3, 8).high
    # With none right of 6 the other end is 1 − 0.025^(1/6).
    assert proportion_interval(0, 6) == (0.0, pytest.approx(1 - 0.025 ** (1 / 6)))
    assert proportion_interval(6, 6) == (pytest.approx(0.025 ** (1 / 6)), 1.0)
    assert all(map(math.isnan, proportion_interval(7, 6)))


@pytest.mark.parametrize("num_images", [20, 160, 1_000])
def test_proportion_covers_at_every_accuracy(num_images: int) -> None:
    ends = np.array([proportion_interval(k, num_images) for k in range(num_images + 1)])
    for true in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999):
        holds = (ends[:, 0] <= true) & (true <= ends[:, 1])
        covered = stats.binom.pmf(np.flatnonzero(holds), num_images, true).sum()
        assert covered >= 0.95


def test_mean_interval_is_students() -> None:
    # t(0.975, 3) = 3.182446; mean 2.5, sd 1.290994, half width 2.054260
    assert mean_interval([1, 2, 3, 4]) == pytest.approx((0.445740, 4.554260), abs=1e-5)
    assert all(map(math.isnan, mean_interval([1.0])))


@pytest.mark.parametrize("value", [0.1, 0.7, 1.0])
def test_the_mean_of_equal_values_is_known(value: float) -> None:
    assert mean_interval([value] * 3) == (value, value)
