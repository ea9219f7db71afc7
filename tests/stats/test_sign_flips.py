from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats import sign_flip, sign_flip_interval

# Darwin's maize: crossed minus self-fertilised plants, eighths of an inch. Fisher (1935, "The
# design of experiments", section 21) counts 863 of 2^15 sign patterns with a sum of 314 or more.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_sign_flips_of_darwins_maize() -> None:
    assert sign_flip(DARWIN, alternative="greater") == 863 / 32_768
    assert sign_flip(DARWIN) == 2 * 863 / 32_768
    less = sign_flip(DARWIN, alternative="less")
    assert less > 1 - 863 / 32_768


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_sign_flips_agree_with_scipy(alternative: str) -> None:
    values = np.random.default_rng(5).normal(0.4, 1, 9)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative=alternative
    )
    ours = sign_flip(values, alternative=alternative)  # type: ignore[arg-type]
    assert ours == pytest.approx(theirs.pvalue)


def test_sign_flips_by_monte_carlo() -> None:
    values = np.random.default_rng(6).normal(0.3, 1, 40)
    sampled = sign_flip(values)
    t_test = stats.ttest_1samp(values, 0).pvalue
    assert abs(sampled - t_test) < 0.02
    assert sign_flip(np.ones(40)) == pytest.approx(1 / 100_001)
    assert sign_flip(values) == sampled


@pytest.mark.parametrize("num_pairs", [21, 24, 67])
def test_sums_of_random_flips_are_those_of_their_patterns(num_pairs: int) -> None:
    values = np.random.default_rng(num_pairs).normal(0.1, 1, num_pairs)
    random, row_bytes, sums = np.random.default_rng(0), (num_pairs + 7) // 8, []
    for _ in range(50):
        drawn = np.frombuffer(random.bytes(2_000 * row_bytes), dtype=np.uint8)
        flips = np.unpackbits(drawn.reshape(2_000, row_bytes), axis=1, count=num_pairs)
        sums += [math.fsum(values[flip == 1]) for flip in flips]
    observed = values.sum()
    num_extreme = int((np.abs(observed - 2 * np.array(sums)) >= abs(observed)).sum())
    assert sign_flip(values) == (num_extreme + 1) / 100_001


def test_an_interval_of_random_flips_excludes_what_the_test_rejects() -> None:
    values = np.random.default_rng(8).normal(0.4, 1, 45)
    interval = sign_flip_interval(values)
    assert interval.low < values.mean() < interval.high
    for end, outwards in ((interval.low, -1), (interval.high, 1)):
        assert sign_flip(values - end - outwards * 1e-6) < 0.05
        assert sign_flip(values - end + outwards * 1e-6) >= 0.05


def test_zeros_cannot_be_flipped() -> None:
    assert sign_flip([0.0, 0.0]) == 1.0
    assert sign_flip([0.0, 1.0, 1.0, 1.0]) == pytest.approx(2 / 8)


def test_ties_of_sums_are_not_lost_to_rounding() -> None:
    assert sign_flip([0.1, 0.2, 0.3, -0.6]) == 1.0
    assert sign_flip([0.1] * 6 + [-0.1]) == pytest.approx(2 * 8 / 128)


def test_sign_flips_keep_their_level_under_the_null() -> None:
    rng = np.random.default_rng(7)
    num_repeats, alpha = 2_000, 0.05
    # Unequal spreads: the test needs symmetry, not normality or equal variances.
    scales = np.array([0.1, 0.1, 0.5, 1, 1, 2, 3, 3])
    rejected = sum(sign_flip(rng.standard_t(3, 8) * scales) < alpha for _ in range(num_repeats))
    # 12 of 256 patterns are the most that fit below 5 %.
    rate = 12 / 256
    assert abs(rejected / num_repeats - rate) < 4 * math.sqrt(rate * (1 - rate) / num_repeats)


def test_the_interval_has_what_the_test_does_not_reject() -> None:
    rng = np.random.default_rng(21)
    for num_pairs in (6, 9, 13, 30):
        values = rng.normal(0.5, 1, num_pairs)
        interval = sign_flip_interval(values)
        for end, outward in ((interval.low, -1), (interval.high, 1)):
            assert sign_flip(values - (end - outward * 1e-9)) >= 0.05
            assert sign_flip(values - (end + outward * 1e-9)) < 0.05


def test_the_interval_of_six_is_from_the_smallest_to_the_largest() -> None:
    assert sign_flip_interval([1, 2, 3, 4, 5, 9]) == (1, 9)
    # With seven, below 2 only the flips of none, {1} and {1, 2} are as extreme: 2 · 3 / 128.
    assert sign_flip_interval([1, 2, 3, 4, 5, 6, 9]) == pytest.approx((2.0, 7.0))
    assert np.isnan(sign_flip_interval([1, 2, 3, 4, 5])).all()
    assert np.isnan(sign_flip_interval([])).all()


def test_the_interval_of_darwins_maize() -> None:
    # Fisher's student's interval of the same plants is −0.03 to 41.9 (mean 20.9 eighths).
    low, high = sign_flip_interval(DARWIN)
    assert low == pytest.approx(-0.2, abs=0.5) and high == pytest.approx(41.9, abs=1.5)
    assert (low > 0) == (sign_flip(DARWIN) < 0.05)
