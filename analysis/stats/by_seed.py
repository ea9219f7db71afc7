"""Test differences of pairs over the means of the seeds, because pairs of a seed are dependent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.stats.intervals import Interval, mean_interval
from analysis.stats.power import fewest_pairs

_EQUAL = 1e-12


@dataclass(frozen=True)
class BySeed:
    """The mean difference tested over the means of the seeds.

    Attributes:
        p_value: of Student's test of the seeds' means.
        interval: Student's, of their mean.
        num_seeds: the number of seeds.
    """

    p_value: float
    interval: Interval
    num_seeds: int


def num_seeds(pairs: pd.DataFrame) -> int:
    """Return how many different seeds the pairs have; 0 without a column of seeds."""
    return int(pairs["seed"].nunique()) if "seed" in pairs else 0


def seeds_decide(pairs: pd.DataFrame, alpha: float) -> bool:
    """Return whether there are enough seeds to test their means, and several pairs at each."""
    return fewest_pairs(alpha) <= num_seeds(pairs) < len(pairs)


def by_seed(pairs: pd.DataFrame, margin: float, alpha: float, confidence: float) -> BySeed | None:
    """Test the mean difference over the means of the seeds, if there are fewer seeds than pairs.

    Pairs at one seed share initial weights, the order of batches and perhaps the test images, so
    chance may favour all of them alike. Means over many settings are close to normal. Student's
    test can therefore decide at six seeds, where sign flips cannot reach a p-value below 3 %.

    Args:
        pairs: one line per pair: ``seed`` and ``difference``.
        margin: the value that the mean is compared with.
        alpha: the significance level, which determines how many seeds are enough.
        confidence: of the interval.

    Returns:
        None with too few seeds, or if each pair has its own seed.
    """
    from scipy import stats

    if not seeds_decide(pairs, alpha):
        return None
    means = pairs.groupby("seed", sort=False)["difference"].mean().to_numpy(dtype=float)
    if np.ptp(means) <= _EQUAL * max(1.0, float(np.abs(means).max())):
        return None
    p_value = float(stats.ttest_1samp(means, margin).pvalue)
    return BySeed(p_value, mean_interval(means, confidence=confidence), len(means))


def wider(first: Interval, second: Interval) -> Interval:
    """Return the wider of two intervals; the first if one is unknown."""
    return second if second.high - second.low > first.high - first.low else first
