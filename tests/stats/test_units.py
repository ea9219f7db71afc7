"""Units of a mean difference: which are equal, and what they can show."""

from __future__ import annotations

import math

import pytest

from analysis.stats import units_of


def test_the_smallest_difference_that_a_spread_lets_six_units_find() -> None:
    units = units_of([1, 2, 3, 4, 5, 6])
    # All six must have one sign: each with 0.8^(1/6) = 0.9635, which is 1.793 deviations of 1.8708.
    assert units.smallest_difference(0.05) == pytest.approx(1.793 * 1.8708, rel=1e-3)
    assert units_of([1, 2, 3, 4, 5]).smallest_difference(0.05) == math.inf


def test_units_that_differ_by_rounding_are_equal_and_have_no_spread() -> None:
    units = units_of([0.1 + 0.2, 0.3] * 3)
    assert units.values.std(ddof=1) > 0
    assert units.are_equal and units.smallest_difference(0.05) == 0.0
    assert not units_of([0.1, 0.2] * 3).are_equal


def test_differences_that_cancel_but_for_rounding_have_no_mean() -> None:
    # Their sum is 2.8e-17 at every seed.
    pairs = [0.2 - 0.3, 0.5 - 0.3, 0.1 - 0.2]
    assert sum(pairs) != 0
    units = units_of(pairs * 6, [seed for seed in range(6) for _ in pairs])
    assert units.mean == units.pairs_mean == 0.0 and units.are_zero
    assert units.p_value() == 1.0, "and not 1/32, as of six equal differences"
    assert units_of([1e-30, 2e-30]).mean == pytest.approx(1.5e-30), "small is not zero"
