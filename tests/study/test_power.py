from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import fewest_pairs, sign_flip, smallest_difference, smallest_p_value


def test_six_pairs_are_the_fewest() -> None:
    assert fewest_pairs() == 6
    assert fewest_pairs(0.01) == 8
    assert smallest_p_value(6) == 2 / 64 == sign_flip([1, 2, 3, 4, 5, 6])
    assert smallest_p_value(5) == sign_flip([1, 2, 3, 4, 5]) > 0.05
    assert smallest_p_value(0) == 1.0


@pytest.mark.parametrize("num_pairs", [59, 60, 1_025, 1_075, 100_000])
def test_smallest_difference_of_thousands_of_pairs(num_pairs: int) -> None:
    # z(97.5 %) + z(80 %) = 2.80 standard errors, as the t distribution is nearly normal there.
    expected = (1.959964 + 0.841621) / math.sqrt(num_pairs)
    assert smallest_difference(1.0, num_pairs) == pytest.approx(expected, rel=0.03)


def test_smallest_difference_is_found_with_the_stated_power() -> None:
    assert smallest_difference(0.01, 5) == math.inf
    # The textbook case: at 5 %, two-sided, and power 0.80 a d of 0.5 takes 34 pairs.
    assert smallest_difference(1.0, 34) == pytest.approx(0.5, abs=0.01)
    rng = np.random.default_rng(8)
    for num_pairs in (6, 8, 12):
        difference = smallest_difference(2.0, num_pairs)
        samples = rng.normal(difference, 2.0, (1_000, num_pairs))
        found = np.mean([sign_flip(sample) < 0.05 for sample in samples])
        # Sign flips have slightly less power than the t-test it is reckoned by.
        assert abs(found - 0.79) < 4 * math.sqrt(0.8 * 0.2 / 1_000)


@pytest.mark.parametrize("num_pairs", [6, 8, 20])
def test_students_test_finds_what_its_textbook_power_says(num_pairs: int) -> None:
    """It has no steps: sign flips need 1.8 deviations at six pairs, Student's test 1.43."""
    from statsmodels.stats.power import TTestPower

    known = TTestPower().solve_power(nobs=num_pairs, alpha=0.05, power=0.8)
    found = smallest_difference(2.0, num_pairs, by_student=True)
    assert found == pytest.approx(2.0 * known, rel=1e-4)
    assert smallest_difference(2.0, num_pairs) > found
    assert smallest_difference(2.0, 5, by_student=True) == math.inf
