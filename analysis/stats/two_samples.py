"""Compare the means of two independent samples."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.stats.intervals import UNKNOWN, Interval


class TwoSamples(NamedTuple):
    """A difference of two means.

    Attributes:
        difference: mean of the first sample minus mean of the second.
        interval: of the difference; unknown if neither sample varies or one has a single value.
        p_value: two-sided, of the hypothesis that the means are equal; NaN if it is unknown, as
            where all values are equal.
    """

    difference: float
    interval: Interval
    p_value: float


def two_samples(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> TwoSamples:
    """Compare the means of samples (n,) and (m,), whose variances may differ (Welch 1947).

    If neither sample varies the p-value is that of a permutation test: of all ways to divide the
    values, the observed one is the most extreme, and with n = m its mirror image.
    """
    from scipy import special

    samples = [np.asarray(sample, dtype=float) for sample in (first, second)]
    if min(map(len, samples)) < 2:
        return TwoSamples(float(samples[0].mean() - samples[1].mean()), UNKNOWN, math.nan)
    # By rounding, the mean of equal values may differ from them, and their variance from zero.
    vary = [bool(np.ptp(sample)) for sample in samples]
    means = [float(s.mean() if varies else s[0]) for s, varies in zip(samples, vary, strict=True)]
    difference = means[0] - means[1]
    shares = [
        float(sample.var(ddof=1)) / len(sample) if varies else 0.0
        for sample, varies in zip(samples, vary, strict=True)
    ]
    variance = sum(shares)
    if not variance > 0:
        sizes = [len(sample) for sample in samples]
        extreme = 2 if sizes[0] == sizes[1] else 1
        p_value = extreme / math.comb(sum(sizes), sizes[0]) if difference else math.nan
        return TwoSamples(difference, UNKNOWN, p_value)
    freedom = variance**2 / sum(
        share**2 / (len(sample) - 1) for share, sample in zip(shares, samples, strict=True)
    )
    error = math.sqrt(variance)
    half = float(special.stdtrit(freedom, (1 + confidence) / 2)) * error
    p_value = 2 * float(special.stdtr(freedom, -abs(difference) / error))
    return TwoSamples(difference, Interval(difference - half, difference + half), p_value)
