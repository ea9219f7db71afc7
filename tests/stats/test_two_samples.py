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


@pytest.mark.parametrize("pair", [([1.0], [2.0, 3.0]), ([1.0, 1.0], [1.0, 1.0])])
def test_one_value_or_equal_values_show_nothing(pair: tuple[list[float], list[float]]) -> None:
    found = two_samples(*pair)
    assert math.isnan(found.p_value) and math.isnan(found.interval.low)
    assert found.difference <= 0


def test_without_a_spread_the_ways_to_divide_the_values_are_counted() -> None:
    # Of the 6 ways to divide four values two are as extreme, of the 10 of five values one.
    assert two_samples([1.0] * 2, [2.0] * 2).p_value == pytest.approx(2 / 6)
    found = two_samples([1.0] * 2, [2.0] * 3)
    assert found.p_value == pytest.approx(1 / 10) and math.isnan(found.interval.low)
