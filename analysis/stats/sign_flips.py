"""Sign-flip tests of paired differences, and the interval that belongs to them."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.stats.intervals import UNKNOWN, Interval

Alternative = Literal["two-sided", "greater", "less"]

MOST_EXACT_PAIRS = 20
"""Up to this number all 2^n sign patterns are counted: a million sums, 8 MB, some 10 ms."""
NUM_FLIPS = 100_000
_FLIPS_AT_ONCE = 2_000
_ROUNDING = 1e-12


def sign_flip(differences: ArrayLike, *, alternative: Alternative = "two-sided") -> float:
    """Return the p-value that paired differences are centred at zero (Fisher 1935, section 21).

    The test is that of ``scipy.stats.permutation_test`` with one sample. Here the sums are computed
    by doubling, which takes milliseconds; listing the sign patterns would take minutes. Beyond
    20 pairs (``MOST_EXACT_PAIRS``) random patterns replace the exact count and include the observed
    one (Phipson & Smyth 2010).

    Args:
        differences: (n,), one value per independent pair. For a shifted hypothesis subtract the
            shift first.
        alternative: the alternative hypothesis about the mean, compared with zero.
    """
    values = np.asarray(differences, dtype=float)
    assert values.ndim == 1 and np.isfinite(values).all()
    if alternative == "less":
        values = -values
    exact = len(values) <= MOST_EXACT_PAIRS
    total, slack = float(values.sum()), _ROUNDING * float(np.abs(values).sum())
    sums = total - 2 * _flipped_sums(values)
    if alternative == "two-sided":
        extreme = int(np.count_nonzero(np.abs(sums) >= abs(total) - slack))
    else:
        extreme = int(np.count_nonzero(sums >= total - slack))
    if exact:
        return extreme / len(sums)
    return (extreme + 1) / (len(sums) + 1)


def sign_flip_interval(differences: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return the values of the mean that the two-sided sign-flip test does not reject.

    Test and interval therefore never disagree. A flipped pattern is as extreme as the observed one
    about a value m below the mean if the mean of its flipped differences is at most m, or that of
    the others is. So the ends of the interval are means of some of the differences: with six pairs
    at 95 % the smallest and the largest difference.

    Args:
        differences: (n,), one value per independent pair.
        confidence: of the interval; it covers at least this.

    Returns:
        Unknown with so few pairs that no value can be rejected.
    """
    values = np.asarray(differences, dtype=float)
    assert values.ndim == 1 and np.isfinite(values).all()
    alpha, num_pairs = 1 - confidence, len(values)
    if num_pairs == 0 or 2.0 ** (1 - num_pairs) >= alpha:
        return UNKNOWN
    sums, counts = map(_flipped_sums, (values, np.ones(num_pairs)))
    with np.errstate(divide="ignore", invalid="ignore"):
        of_flipped, of_others = sums / counts, (values.sum() - sums) / (num_pairs - counts)
    if num_pairs <= MOST_EXACT_PAIRS:  # the others of each pattern are themselves a pattern
        means = of_flipped[counts > 0]
        place = math.ceil(alpha * len(sums) / 2 - 1e-9) - 2
        return Interval(*_ends(means, means, place))
    place = math.ceil(alpha * (len(sums) + 1) - 1e-9) - 2
    return Interval(*_ends(np.fmin(of_flipped, of_others), np.fmax(of_flipped, of_others), place))


def _ends(lows: NDArray[np.float64], highs: NDArray[np.float64], place: int) -> tuple[float, float]:
    """Return the value at a place of the sorted lows, and that at the same place from the top."""
    last = len(highs) - 1 - place
    return float(np.partition(lows, place)[place]), float(np.partition(highs, last)[last])


def _flipped_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the values that each pattern flips, of all patterns or of random ones."""
    if len(values) > MOST_EXACT_PAIRS:
        return _random_sums(values)
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _random_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of random patterns.

    A byte of a pattern flips up to eight values, whose sum is looked up. It takes a tenth of the
    time of a matrix product, whose last digit depends on the number of its threads.
    """
    rng = np.random.default_rng(0)
    by_byte = np.zeros((-(-len(values) // 8), 8))
    by_byte.flat[: len(values)] = values
    sums = by_byte @ np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T
    shape = (_FLIPS_AT_ONCE, len(sums))
    found = []
    for _ in range(NUM_FLIPS // _FLIPS_AT_ONCE):
        flips = np.frombuffer(rng.bytes(math.prod(shape)), dtype=np.uint8).reshape(shape)
        total = np.zeros(_FLIPS_AT_ONCE)
        for of_byte, byte in zip(sums, np.ascontiguousarray(flips.T), strict=True):
            total += of_byte.take(byte, mode="clip")  # the fastest mode; no byte is too large
        found.append(total)
    return np.concatenate(found)
