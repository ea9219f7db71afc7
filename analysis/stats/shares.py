"""How often A is better than B: the share of pairs, with an exact interval and its test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.stats.intervals import UNKNOWN, proportion_interval
from analysis.stats.units import are_units, too_few_units

MEANINGFUL = 0.75
"""The threshold of Bouthillier et al., below which A is better too rarely to matter."""


@dataclass(frozen=True)
class Outperforming:
    """How often A is better than B.

    Attributes:
        probability: P(A > B), ties counted half.
        low, high: its confidence interval; NaN with too few units.
        wins, ties: the counts behind it.
        num_units: seeds, or pairs if they are independent.
        size: the number of independent pairs that these are worth.
    """

    probability: float
    low: float
    high: float
    wins: int
    ties: int
    num_units: int
    size: float

    def p_value(self, share: float = 0.5) -> float:
        """Return the two-sided p-value that P(A > B) is ``share``; the interval agrees with it."""
        return _p_value(self.probability * self.size, self.size, share)

    def decides(self, threshold: float, alpha: float) -> tuple[bool, float]:
        """Return whether A outperforms B, if anything is said, and the p-value of what is said.

        A outperforms B if P(A > B) is above 0.5. It does not if that is below ``threshold``.
        """
        against = self.p_value(threshold)
        if self.probability < threshold and (against < alpha or self.probability <= 0.5):
            return False, against
        return True, self.p_value()


def outperforming(
    differences: ArrayLike, *, seeds: ArrayLike | None = None, confidence: float = 0.95
) -> Outperforming:
    """Estimate P(A > B) from paired differences A − B (n,).

    Bouthillier et al. (2021, "Accounting for variance in machine learning benchmarks") say that A
    outperforms B if the interval lies above 0.5 and reaches above 0.75. They use the percentile
    bootstrap, for 29 pairs or more. Its interval has no width if A is better in every pair, so the
    exact interval of a proportion is used here (Clopper & Pearson 1934).

    Pairs at one seed are dependent. The interval is then that of as many independent pairs as have
    the same variance (Korn & Graubard 1998).

    Args:
        differences: (n,), one value per pair.
        seeds: (n,), the seed of each pair; None if all pairs are independent.
        confidence: of the interval, which is unknown with fewer units than a test needs.
    """
    values = np.asarray(differences, dtype=float)
    assert len(values) and np.isfinite(values).all()
    scores = (values > 0) + 0.5 * (values == 0)
    groups = None if seeds is None else np.unique(np.asarray(seeds), return_inverse=True)[1]
    grouped = groups is not None and not are_units(groups)
    num_units = int(groups.max()) + 1 if grouped and groups is not None else len(values)
    size = _worth(scores, groups, confidence) if grouped and groups is not None else len(values)
    mean, interval = float(scores.mean()), UNKNOWN
    if not too_few_units(num_units, 1 - confidence):
        interval = proportion_interval(mean * size, size, confidence=confidence)
    wins, ties = int((values > 0).sum()), int((values == 0).sum())
    return Outperforming(mean, *interval, wins, ties, num_units, float(size))


def _p_value(successes: float, size: float, share: float) -> float:
    from scipy import special

    failures = size - successes
    above = special.betainc(successes, failures + 1, share) if successes > 0 else 1.0
    below = special.betainc(failures, successes + 1, 1 - share) if failures > 0 else 1.0
    return float(min(1.0, 2 * min(above, below)))


def _worth(scores: NDArray[np.float64], groups: NDArray[np.intp], confidence: float) -> float:
    """Return the number of independent scores whose mean has the same variance.

    It follows from the design effect of the groups' totals, with the degrees of freedom of the
    groups, and is at least the number of groups. If all scores are equal, the dependence is
    unknown and each group counts as one score.
    """
    from scipy import special

    num_scores, num_groups = len(scores), int(groups.max()) + 1
    mean = float(scores.mean())
    if not 0 < mean < 1:
        return float(num_groups)
    totals = np.bincount(groups, scores - mean)
    variance = num_groups / (num_groups - 1) * float((totals**2).sum()) / num_scores**2
    level = (1 + confidence) / 2
    freedom = special.stdtrit(num_scores - 1, level) / special.stdtrit(num_groups - 1, level)
    worth = mean * (1 - mean) / variance * freedom**2 if variance else math.inf
    return float(np.clip(worth, num_groups, num_scores))
