"""Units of a mean difference: which are equal, and what they can show."""

from __future__ import annotations

import math

import pytest
from scipy import stats

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


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_a_unit_changes_no_p_value(unit: float) -> None:
    plain, scaled = (units_of([gain * u for gain in GAINS], SEEDS) for u in (1.0, unit))
    assert scaled.by_student and scaled.p_value() == pytest.approx(plain.p_value())
    assert scaled.interval(0.95) == pytest.approx([end * unit for end in plain.interval(0.95)])


def test_gains_of_one_image_at_every_seed_are_equal() -> None:
    accuracies = [0.8123, 0.8456, 0.9001, 0.8999, 0.7777, 0.9134]
    gains = [(accuracy + 1 / 14_000) - accuracy for accuracy in accuracies]
    units = units_of(
        [gain for gain in gains for _ in range(2)], [s for s in range(6) for _ in "ab"]
    )
    assert units.are_equal and not units.by_student


def test_differences_that_cancel_but_for_rounding_have_no_mean() -> None:
    # Their sum is 2.8e-17 at every seed.
    pairs = [0.2 - 0.3, 0.5 - 0.3, 0.1 - 0.2]
    assert sum(pairs) != 0
    units = units_of(pairs * 6, [seed for seed in range(6) for _ in pairs])
    assert units.mean == units.pairs_mean == 0.0 and units.are_zero
    assert units.p_value() == 1.0, "and not 1/32, as of six equal differences"
    assert units_of([1e-30, 2e-30]).mean == pytest.approx(1.5e-30), "small is not zero"


SEEDS = [seed for seed in range(6) for _ in range(2)]
GAINS = [0.2, 0.4, 0.1, 0.7, 0.6, 0.8, -0.3, 0.1, 0.9, 0.5, 0.0, 0.4]
"""Differences of two pairs a seed, whose means are 0.3, 0.4, 0.7, -0.1, 0.7 and 0.2."""
MEANS = [0.3, 0.4, 0.7, -0.1, 0.7, 0.2]


def test_pairs_and_seeds_disagree_about_a_margin_that_lies_between_them() -> None:
    units = units_of([2, 2, 2, -4], [0, 0, 0, 1])
    assert (units.pairs_mean, units.mean) == (0.5, -1.0)
    assert units.disagree() and units.disagree(0.4) and units.disagree(-0.9)
    assert not units.disagree(0.6) and not units.disagree(-1.1)


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5, -0.1])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_means_of_seeds_have_students_test(margin: float, alternative: str) -> None:
    units = units_of(GAINS, SEEDS)
    assert units.by_student and units.values == pytest.approx(MEANS)
    known = stats.ttest_1samp(MEANS, margin, alternative=alternative).pvalue
    assert units.p_value(margin, alternative=alternative) == pytest.approx(known)  # type: ignore[arg-type]


def test_other_images_widen_the_interval_and_raise_the_p_value() -> None:
    units = units_of(GAINS, SEEDS)
    error = stats.sem(MEANS)
    over, p_value = units.with_images(error, 0.95)
    # Both errors are equal, so together they are √2 times as large.
    half = stats.t.ppf(0.975, 5) * error * math.sqrt(2)
    mean = 2.2 / 6
    assert tuple(over) == pytest.approx((mean - half, mean + half))
    assert p_value == pytest.approx(2 * stats.t.sf(mean / error / math.sqrt(2), 5))
    assert units.with_images(error, 0.95, over.low)[1] == pytest.approx(0.05), "at this margin"
    assert units.with_images(0.0, 0.95, 0.1)[1] == pytest.approx(units.p_value(0.1))


def test_sign_flips_of_a_few_pairs_may_say_less_than_images_do() -> None:
    """Student's test with the error of images reaches p-values that six sign flips cannot."""
    units = units_of([1.0, 1.1, 0.9, 1.0, 1.1, 0.9])
    assert units.p_value() == 2 / 64
    assert units.with_images(1e-6, 0.95)[1] == 2 / 64, "the larger of both"


def test_a_mean_within_a_margin_is_tested_against_the_nearer_end() -> None:
    units = units_of(GAINS, SEEDS)
    near = stats.ttest_1samp(MEANS, 0.8, alternative="less").pvalue
    assert units.p_within(0.8) == (True, pytest.approx(near))
    far = stats.ttest_1samp(MEANS, 0.1, alternative="greater").pvalue
    assert units.p_within(0.1) == (False, pytest.approx(far))
    negative = units_of([-gain for gain in GAINS], SEEDS)
    for margin in (0.8, 0.1):
        assert negative.p_within(margin) == pytest.approx(units.p_within(margin))


def test_pairs_that_equal_the_margin_cannot_be_flipped() -> None:
    units = units_of([1, 1, 1, 2, 2, 3, 4, 5])
    assert units.smallest_p() == 2 / 2**8
    assert units.smallest_p(1.0) == units.p_value(1.0) == 2 / 2**5
    assert units_of(GAINS, SEEDS).smallest_p() == 0.0, "Student's test has no smallest"
