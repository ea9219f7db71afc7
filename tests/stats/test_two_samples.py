from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats import two_samples

A, B = [5.1, 4.9, 6.2, 5.8, 6.0], [4.0, 4.4, 3.9, 5.0]


def test_it_is_welchs_test() -> None:
    found, known = two_samples(A, B), stats.ttest_ind(A, B, equal_var=False)
    assert found.difference == pytest.approx(np.mean(A) - np.mean(B))
    assert found.p_value == pytest.approx(known.pvalue)
    interval = known.confidence_interval()
    assert tuple(found.interval) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("pair", [([1.0], [2.0, 3.0]), ([1.0] * 2, [1.0] * 2), ([0.1] * 3,) * 2])
def test_one_value_or_equal_values_show_nothing(pair: tuple[list[float], list[float]]) -> None:
    found = two_samples(*pair)
    assert math.isnan(found.p_value) and math.isnan(found.interval.low)
    assert found.difference <= 0


@pytest.mark.parametrize("value", [1.0, 0.1, 0.2, 0.93])
def test_without_a_spread_the_ways_to_divide_the_values_are_counted(value: float) -> None:
    # Of the 20 ways to divide six values two are as extreme, of the 35 of seven values one.
    found = two_samples([value] * 3, [2 * value] * 3)
    assert found.p_value == pytest.approx(2 / 20) and found.difference == -value
    found = two_samples([value] * 3, [2 * value] * 4)
    assert found.p_value == pytest.approx(1 / 35) and math.isnan(found.interval.low)


def test_one_side_without_a_spread_has_a_variance_of_zero() -> None:
    # Welch's test is then that of one sample against a known value.
    found, known = two_samples(A, [0.1] * 3), stats.ttest_1samp(A, 0.1)
    assert found.p_value == pytest.approx(known.pvalue)
