"""What a number of pairs or seeds can show: the smallest p-value and the smallest difference.

The plan of a study says it before the hours are spent, and its report afterwards.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

ALPHA = 0.05
POWER = 0.8


def smallest_p_value(num_pairs: int) -> float:
    """Return the smallest two-sided p-value that ``num_pairs`` sign flips can reach.

    Of 2^n sign patterns the observed one and its opposite are the most extreme.
    """
    return min(1.0, 2.0 ** (1 - num_pairs))


def fewest_pairs(alpha: float = ALPHA) -> int:
    """Return how many pairs a two-sided sign-flip test needs to fall below ``alpha``: 6 at 5 %."""
    assert 0 < alpha < 1
    num_pairs = 1
    while smallest_p_value(num_pairs) >= alpha:
        num_pairs += 1
    return num_pairs


def smallest_difference(
    sd: float, num_pairs: int, *, alpha: float = ALPHA, by_student: bool = False
) -> float:
    """Return the smallest mean difference that a paired test finds with probability ``POWER``.

    Args:
        sd: standard deviation of one pair's difference; √2 times that of one run if the two runs of
            a pair vary independently.
        num_pairs: independent pairs.
        alpha: two-sided significance level.
        by_student: whether Student's test decides and not sign flips.

    Returns:
        The difference in the unit of ``sd``; infinite below ``fewest_pairs(alpha)``. It is computed
        from the power of the paired t-test, at the level that sign flips attain (they have 2^(n−1)
        equal steps). For a power of 0.8 sign flips attain 0.77 at seven pairs and 0.79 from eight
        pairs. Where only the smallest p-value is below ``alpha``, as at six pairs, all differences
        must have one sign, and the power of that is known.
    """
    if num_pairs < fewest_pairs(alpha):
        return math.inf
    attained = alpha
    if num_pairs < 60 and not by_student:  # with more pairs the steps are too small for floats
        step = smallest_p_value(num_pairs)
        attained = max(math.ceil(alpha / step) - 1, 1) * step
        if attained == step:
            return NormalDist().inv_cdf(POWER ** (1 / num_pairs)) * sd
    return _smallest_effect(num_pairs, attained) * sd


@functools.cache
def _smallest_effect(num_pairs: int, alpha: float) -> float:
    """Return the mean, in standard deviations, that the paired t-test finds with ``POWER``."""
    from scipy import optimize, special

    df, root = num_pairs - 1, math.sqrt(num_pairs)
    limit = float(special.stdtrit(df, 1 - alpha / 2))

    def lacking(effect: float) -> float:
        found = 1 - special.nctdtr(df, effect * root, limit)
        return float(found + special.nctdtr(df, effect * root, -limit)) - POWER

    return float(optimize.brentq(lacking, 0.0, (limit + 5) / root))
