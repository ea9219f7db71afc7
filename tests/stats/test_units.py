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
