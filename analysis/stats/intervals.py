"""Confidence intervals of a proportion and of a mean."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """A confidence interval; both ends are NaN if it is unknown."""

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)


@functools.lru_cache(maxsize=4096)  # a report needs the same few intervals many times
def proportion_interval(
    num_correct: float, num_images: float, *, confidence: float = 0.95
) -> Interval:
    """Return the exact interval of a proportion (Clopper & Pearson 1934).

    It covers at least ``confidence`` at every proportion and every number of images. Approximate
    intervals do not: at 20 images and an accuracy of 99 % that of Wilson covers 82 %. It covers the
    sampling of the test images only, not the noise of training. ``num_correct`` may be fractional,
    for ties that count half. The interval is unknown if the numbers are not a proportion.
    """
    from scipy import special

    if not (0 <= num_correct <= num_images and 0 < num_images < math.inf):
        return UNKNOWN
    tail, num_wrong = (1 - confidence) / 2, num_images - num_correct
    low = special.betaincinv(num_correct, num_wrong + 1, tail) if num_correct > 0 else 0.0
    high = special.betaincinv(num_correct + 1, num_wrong, 1 - tail) if num_wrong > 0 else 1.0
    return Interval(float(low), float(high))


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean of ``values`` (n,); unknown for fewer than two."""
    from scipy import special

    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return UNKNOWN
    if not np.ptp(sample):  # by rounding, their standard deviation may differ from zero
        return Interval(float(sample[0]), float(sample[0]))
    half = special.stdtrit(len(sample) - 1, (1 + confidence) / 2) * sample.std(ddof=1)
    half /= math.sqrt(len(sample))
    return Interval(float(sample.mean() - half), float(sample.mean() + half))
