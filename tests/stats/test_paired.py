from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats import (
    fewest_pairs,
    holm,
    mcnemar,
    mcnemar_bound,
    outperforming,
    sign_flip,
    smallest_difference,
    smallest_p_value,
)

# Darwin's maize: crossed minus self-fertilised plants, eighths of an inch. Fisher (1935, "The
# design of experiments", section 21) counts 863 of 2^15 sign patterns with a sum of 314 or more.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_sign_flips_of_darwins_maize() -> None:
    assert sign_flip(DARWIN, alternative="greater").p_value == 863 / 32_768
    both = sign_flip(DARWIN)
    assert (both.p_value, both.standard_error, both.num_pairs) == (2 * 863 / 32_768, 0.0, 15)
    less = sign_flip(DARWIN, alternative="less").p_value
    assert less > 1 - 863 / 32_768


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_sign_flips_agree_with_scipy(alternative: str) -> None:
    values = np.random.default_rng(5).normal(0.4, 1, 9)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative=alternative
    )
    ours = sign_flip(values, alternative=alternative)  # type: ignore[arg-type]
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_sign_flips_by_monte_carlo_state_their_error() -> None:
    values = np.random.default_rng(6).normal(0.3, 1, 40)
    sampled = sign_flip(values)
    assert 0 < sampled.standard_error < 0.002
    t_test = stats.ttest_1samp(values, 0).pvalue
    assert abs(sampled.p_value - t_test) < 5 * sampled.standard_error + 0.01
    assert sign_flip(np.ones(40)).p_value == pytest.approx(1 / 100_001)
    assert sign_flip(values, seed=1) == sign_flip(values, seed=1)


def test_zeros_cannot_be_flipped() -> None:
    assert sign_flip([0.0, 0.0]).p_value == 1.0
    assert sign_flip([0.0, 1.0, 1.0, 1.0]).p_value == pytest.approx(2 / 8)
    assert sign_flip([0.0, 1.0, 1.0, 1.0]).num_pairs == 3


def test_ties_of_sums_are_not_lost_to_rounding() -> None:
    assert sign_flip([0.1, 0.2, 0.3, -0.6]).p_value == 1.0
    assert sign_flip([0.1] * 6 + [-0.1]).p_value == pytest.approx(2 * 8 / 128)


def test_sign_flips_keep_their_level_under_the_null() -> None:
    rng = np.random.default_rng(7)
    num_repeats, alpha = 2_000, 0.05
    # Unequal spreads: the test needs symmetry, not normality or equal variances.
    scales = np.array([0.1, 0.1, 0.5, 1, 1, 2, 3, 3])
    rejected = sum(
        sign_flip(rng.standard_t(3, 8) * scales).p_value < alpha for _ in range(num_repeats)
    )
    # 12 of 256 patterns are the most that fit below 5 %.
    rate = 12 / 256
    assert abs(rejected / num_repeats - rate) < 4 * math.sqrt(rate * (1 - rate) / num_repeats)


def test_six_pairs_are_the_fewest() -> None:
    assert fewest_pairs() == 6
    assert fewest_pairs(0.01) == 8
    assert smallest_p_value(6) == 2 / 64 == sign_flip([1, 2, 3, 4, 5, 6]).p_value
    assert smallest_p_value(5) == sign_flip([1, 2, 3, 4, 5]).p_value > 0.05
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
    for num_pairs in (8, 12):
        difference = smallest_difference(2.0, num_pairs)
        samples = rng.normal(difference, 2.0, (1_000, num_pairs))
        found = np.mean([sign_flip(sample).p_value < 0.05 for sample in samples])
        # Sign flips have slightly less power than the t-test it is reckoned by.
        assert abs(found - 0.79) < 4 * math.sqrt(0.8 * 0.2 / 1_000)


def test_probability_of_outperforming() -> None:
    result = outperforming([1, 1, -1, 0, 2, 0.5, 3, 1])
    assert (result.wins, result.ties, result.num_pairs) == (6, 1, 8)
    assert result.probability == 6.5 / 8
    assert result.low < 6.5 / 8 < result.high
    always = outperforming(np.ones(29))
    assert always.is_significant and always.is_meaningful()
    never = outperforming(-np.ones(29))
    assert not never.is_significant and not never.is_meaningful()
    rare = outperforming([1] * 120 + [-1] * 80)
    assert rare.is_significant and not rare.is_meaningful()


def test_pairs_that_share_their_luck_count_as_fewer() -> None:
    seeds = np.repeat(np.arange(6), 2)
    as_seeds = outperforming([1, 1, 1, -1, -1, -1])
    shared = outperforming([1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1], groups=seeds)
    assert (shared.low, shared.high) == pytest.approx((as_seeds.low, as_seeds.high))
    mixed = [1, -1] * 6
    assert outperforming(mixed, groups=seeds) == outperforming(mixed), "nothing is shared"
    always, six = outperforming(np.ones(12), groups=seeds), outperforming(np.ones(6))
    assert (always.low, always.num_pairs) == (pytest.approx(six.low), 12)


def test_shared_luck_does_not_win() -> None:
    rng = np.random.default_rng(11)
    num_repeats, seeds = 1_000, np.repeat(np.arange(6), 8)
    grouped = alone = 0
    for _ in range(num_repeats):
        differences = rng.normal(0, 1, 6)[seeds] + rng.normal(0, 1, len(seeds))
        grouped += outperforming(differences, groups=seeds).is_significant
        alone += outperforming(differences).is_significant
    assert alone / num_repeats > 0.1, "as if 48 pairs were independent"
    assert grouped / num_repeats < 0.025 + 4 * math.sqrt(0.025 * 0.975 / num_repeats)


def test_holm_by_hand_and_against_statsmodels() -> None:
    adjusted = holm([0.010, 0.013, 0.014, 0.190])
    assert adjusted == pytest.approx([0.040, 0.040, 0.040, 0.190])
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    with_gap = holm([0.01, math.nan, 0.04])
    assert with_gap[[0, 2]] == pytest.approx([0.02, 0.04]) and math.isnan(with_gap[1])
    from statsmodels.stats.multitest import multipletests

    family = np.random.default_rng(13).uniform(0, 0.1, 30)
    assert holm(family) == pytest.approx(multipletests(family, method="holm")[1])
    assert len(holm([])) == 0 and np.isnan(holm([math.nan])).all()


def test_holm_keeps_the_error_of_the_family() -> None:
    p_values = np.random.default_rng(10).uniform(size=(2_000, 5))
    wrong = np.mean([(holm(family) < 0.05).any() for family in p_values])
    assert wrong < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2_000)
    assert wrong > 0.05 - 0.0025 - 4 * math.sqrt(0.05 * 0.95 / 2_000)


def test_mcnemar_is_the_exact_binomial() -> None:
    first = np.repeat([True, True, False, False], [30, 12, 3, 5])
    second = np.repeat([True, False, True, False], [30, 12, 3, 5])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second, found.is_bound) == (12, 3, False)
    # 2·Σ C(15, 0..3)/2^15 = 2·576/32768
    assert found.p_value == pytest.approx(1152 / 32_768)
    assert mcnemar([True, False], [True, False]).p_value == 1.0


def test_mcnemar_of_the_approval_ratings() -> None:
    # Agresti (1990, p. 350): 150 and 86 changed their minds, z = 4.17.
    from statsmodels.stats.contingency_tables import mcnemar as theirs

    first = np.repeat([True, True, False, False], [794, 150, 86, 570])
    second = np.repeat([True, False, True, False], [794, 150, 86, 570])
    table = [[794, 150], [86, 570]]
    assert mcnemar(first, second).p_value == pytest.approx(theirs(table, exact=True).pvalue)
    assert mcnemar(first, second).p_value == pytest.approx(2 * stats.norm.sf(4.17), rel=0.25)


def test_bound_is_one_and_is_tight_when_nothing_is_wrong_twice() -> None:
    rng = np.random.default_rng(11)
    for _ in range(50):
        labels = rng.integers(0, 10, 200)
        first = np.where(rng.random(200) < 0.8, labels, rng.integers(0, 10, 200))
        second = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 10, 200))
        exact = mcnemar(first == labels, second == labels)
        counts = int((first == labels).sum()), int((second == labels).sum())
        bound = mcnemar_bound(*counts, int((first != second).sum()))
        assert bound.is_bound and bound.p_value >= exact.p_value * (1 - 1e-9)
        assert bound.only_first - bound.only_second == counts[0] - counts[1]
    assert mcnemar_bound(42, 33, 15).p_value == pytest.approx(1152 / 32_768)
