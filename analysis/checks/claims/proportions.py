"""Compare accuracies by their counts of images, and by the noise of training if it is known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def two_accuracies(
    first: float,
    num_first: float,
    second: NDArray[np.float64],
    num_second: NDArray[np.float64],
    *,
    run_variance: NDArray[np.float64] | float = 0.0,
    run_df: NDArray[np.float64] | float = np.inf,
) -> NDArray[np.float64]:
    """Return two-sided p-values that one accuracy equals each of others.

    This is the pooled score test of two independent proportions, with the variance that two
    training runs add to their difference. Counts on the same images are positively correlated. The
    test ignores that, so its p-values are too large rather than too small.

    Args:
        first, num_first: an accuracy and the images it was counted on.
        second, num_second: (n,), the other accuracies and their images.
        run_variance: (n,), the part of the difference's variance from training; 0 if unknown.
        run_df: (n,), the degrees of freedom that it was estimated from. The test is Student's with
            as many. Those of the whole variance (Satterthwaite 1946) are more, but with two seeds
            they are wrong in up to 9 % of studies.
    """
    from scipy import special

    pooled = (first * num_first + second * num_second) / (num_first + num_second)
    variance = pooled * (1 - pooled) * (1 / num_first + 1 / num_second) + run_variance
    difference = np.abs(first - second)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
    is_known = np.isinf(run_df) | (np.asarray(run_variance) == 0)
    students = special.stdtr(np.where(is_known, 1.0, run_df), -z)
    p_values: NDArray[np.float64] = 2 * np.where(is_known, special.ndtr(-z), students)
    return p_values


def above(
    first: float, num_first: float, second: float, num_second: float, threshold: float
) -> float:
    """Return the p-value that ``first`` − ``second`` lies above a threshold, against "at most".

    Args:
        first, second: two accuracies.
        num_first, num_second: the images that they were counted on; infinite if one of them has
            no sampling error. One count is tested by its binomial distribution, two by the variance
            of Agresti & Caffo (2000), which holds near 0 and 1.
        threshold: the value that their difference is compared with.
    """
    from scipy import special

    if math.isinf(num_second):
        return _more_than(first, num_first, second + threshold)
    if math.isinf(num_first):
        return _more_than(1 - second, num_second, 1 - (first - threshold))
    shares = [(v * n + 1) / (n + 2) for v, n in ((first, num_first), (second, num_second))]
    variances = (
        p * (1 - p) / (n + 2) for p, n in zip(shares, (num_first, num_second), strict=True)
    )
    return float(special.ndtr((threshold - shares[0] + shares[1]) / math.sqrt(sum(variances))))


def _more_than(accuracy: float, num_images: float, share: float) -> float:
    """Return the exact binomial p-value that an accuracy is above ``share``."""
    from scipy import special

    correct = accuracy * num_images
    if correct <= 0 or share >= 1:
        return 1.0
    return float(special.betainc(correct, num_images - correct + 1, max(share, 0.0)))
