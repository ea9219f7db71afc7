"""Compare accuracies by their counts of images, and by the noise of training if it is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def two_accuracies(
    first: float,
    num_first: float,
    second: NDArray[np.float64],
    num_second: NDArray[np.float64],
    run_variance: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Return two-sided p-values that one accuracy equals each of others.

    This is the pooled score test of two independent proportions, with the variance that two
    training runs add to their difference. Counts on the same images are positively correlated. The
    test ignores that, so its p-values are too large rather than too small.

    Args:
        first, num_first: an accuracy and the images it was counted on.
        second, num_second: (n,), the other accuracies and their images.
        run_variance: (n,), the part of the difference's variance from training; 0 if unknown.
    """
    from scipy import stats

    pooled = (first * num_first + second * num_second) / (num_first + num_second)
    variance = pooled * (1 - pooled) * (1 / num_first + 1 / num_second) + run_variance
    difference = np.abs(first - second)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
    p_values: NDArray[np.float64] = 2 * stats.norm.sf(z)
    return p_values
