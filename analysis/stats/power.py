"""What a number of pairs can show: the smallest p-value and the smallest difference."""

from __future__ import annotations

import functools
import math

import numpy as np


def smallest_p_value(num_pairs: int) -> float:
    """Return the smallest two-sided p-value that ``num_pairs`` sign flips can reach.

    Of 2^n sign patterns the observed one and its opposite are the most extreme.
    """
    return min(1.0, 2.0 ** (1 - num_pairs))


def fewest_pairs(alpha: float = 0.05) -> int:
    """Return how many pairs a two-sided sign-flip test needs to fall below ``alpha``: 6 at 5 %."""
    assert 0 < alpha < 1
    num_pairs = 1
    while smallest_p_value(num_pairs) >= alpha:
        num_pairs += 1
    return num_pairs


def smallest_difference(
    sd: float,
    num_pairs: int,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    by_student: bool = False,
) -> float:
    """Return the smallest mean difference that a paired test finds with probability ``power``.

    Args:
        sd: standard deviation of one pair's difference; √2 times that of one run if the two runs of
            a pair vary independently.
        num_pairs: independent pairs.
        alpha: two-sided significance level.
        power: probability of finding it.
        by_student: whether Student's test decides and not sign flips.

    Returns:
        The difference in the unit of ``sd``; infinite below ``fewest_pairs(alpha)``. It is computed
        from the power of the paired t-test, at the level that sign flips attain (they have 2^(n−1)
        equal steps: 3.1 % instead of 5 % at six pairs). For a power of 0.8 sign flips attain 0.73
        at six pairs and 0.79 from eight pairs.
    """
    if num_pairs < fewest_pairs(alpha):
        return math.inf
    return _smallest_effect(num_pairs, alpha, power, by_student) * sd


@functools.cache
def _smallest_effect(num_pairs: int, alpha: float, power: float, by_student: bool) -> float:
    from statsmodels.stats.power import TTestPower

    attained = alpha
    if num_pairs < 60 and not by_student:  # with more pairs the steps are too small for floats
        step = smallest_p_value(num_pairs)
        attained = max(math.ceil(alpha / step) - 1, 1) * step
    effect = TTestPower().solve_power(nobs=num_pairs, alpha=attained, power=power)
    return float(np.asarray(effect).item())  # an array for some numbers of pairs
