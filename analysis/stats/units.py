"""Test a mean difference over its independent units: the means of the seeds, or single pairs.

Pairs at one seed share initial weights, the order of batches and perhaps the split, so chance may
favour all of them alike. From two seeds on the mean of each seed is therefore one value. At one
seed, and in tables that name no seeds, the pairs are the units, and what is found holds for these
runs only.

Six units are the fewest that decide anything, because five sign flips reach 6 % at best. Single
pairs are tested by sign flips. The mean of a seed over several settings is close to normal, so
Student's test applies, which can reach smaller p-values. Each test has the interval of the values
that it does not reject.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.stats.intervals import UNKNOWN, Interval, mean_interval
from analysis.stats.sign_flips import Alternative, sign_flip, sign_flip_interval
from tune_app.study.power import fewest_pairs, smallest_difference, smallest_p_value

_EQUAL = 1e-12
"""A smaller share of the values is rounding."""
_SAME_UNITS = 1e-9
"""Units that differ by a smaller share of the largest are equal.

Each is a difference of two results, so rounding is a larger share of it than of the results.
"""


@dataclass(frozen=True)
class Units:
    """The independent values behind a mean difference.

    Attributes:
        values: (units,), the mean of each seed, or the differences of the pairs.
        are_means: whether each seed has several pairs, at least on average.
        num_seeds: the number of seeds; 0 if they are unknown.
        pairs_mean: the mean over all pairs.
    """

    values: NDArray[np.float64]
    are_means: bool
    num_seeds: int
    pairs_mean: float

    @property
    def mean(self) -> float:
        """The mean over the units."""
        return mean_of(self.values)

    @property
    def are_zero(self) -> bool:
        """Whether no unit differs at all, so that there is nothing to test."""
        return not self.values.any()

    def disagree(self, margin: float = 0.0) -> bool:
        """Return whether pairs and seeds lie on different sides of a margin.

        It happens where one seed has most of the pairs. Then nothing is said.
        """
        return (self.mean - margin) * (self.pairs_mean - margin) < 0

    @property
    def are_equal(self) -> bool:
        """Whether the units are equal but for rounding, which may leave them a tiny variance."""
        return float(np.ptp(self.values)) <= _SAME_UNITS * float(np.abs(self.values).max())

    @property
    def by_student(self) -> bool:
        """Whether Student's test is used."""
        return self.are_means and not self.are_equal

    def smallest_difference(self, alpha: float) -> float:
        """Return the smallest mean difference that one test of so many units finds in 4 of 5 cases.

        Their spread is taken for that of all such units. It is 0 where units are equal, and
        infinite where they are too few to decide.
        """
        spread = 0.0 if self.are_equal else float(self.values.std(ddof=1))
        num = len(self.values)
        return smallest_difference(spread, num, alpha=alpha, by_student=self.by_student)

    def p_value(self, margin: float = 0.0, *, alternative: Alternative = "two-sided") -> float:
        """Return the p-value that the mean is ``margin``."""
        from scipy import special

        if not self.by_student:
            return sign_flip(self.values - margin, alternative=alternative)
        num = len(self.values)
        t = (self.mean - margin) / (float(self.values.std(ddof=1)) / math.sqrt(num))
        below = float(special.stdtr(num - 1, -abs(t)))  # the tail on the side of the mean
        if alternative == "two-sided":
            return 2 * below
        return below if (t > 0) == (alternative == "greater") else 1 - below

    def with_images(
        self, image_error: float, confidence: float, margin: float = 0.0
    ) -> tuple[Interval, float]:
        """Return interval and p-value for other seeds and for other test images, too.

        Args:
            image_error: the standard error of the mean from the sampling of test images.
            confidence: of the interval.
            margin: the mean that the p-value is of.
        """
        from scipy import special

        num = len(self.values)
        error = math.hypot(float(self.values.std(ddof=1)) / math.sqrt(num), image_error)
        half = float(special.stdtrit(num - 1, (1 + confidence) / 2)) * error
        p_value = 2 * float(special.stdtr(num - 1, -abs(self.mean - margin) / error))
        return Interval(self.mean - half, self.mean + half), max(p_value, self.p_value(margin))

    def p_within(self, margin: float) -> tuple[bool, float]:
        """Return whether the mean is within ± a margin, and the p-value that it is on that side.

        Of the two one-sided tests (Schuirmann 1987) the one against the nearer bound decides.
        """
        inside = abs(self.mean) < margin
        bound = margin if self.mean > 0 else -margin
        towards_zero: Alternative = "less" if self.mean > 0 else "greater"
        away: Alternative = "greater" if self.mean > 0 else "less"
        return inside, self.p_value(bound, alternative=towards_zero if inside else away)

    def interval(self, confidence: float, fewest: int | None = None) -> Interval:
        """Return the interval of the mean; unknown with fewer units than a test needs."""
        if len(self.values) < (fewest or fewest_pairs(1 - confidence)):
            return UNKNOWN
        if self.by_student:
            return mean_interval(self.values, confidence=confidence)
        return sign_flip_interval(self.values, confidence=confidence)

    def smallest_p(self, margin: float = 0.0) -> float:
        """Return the smallest two-sided p-value that so many units can reach."""
        if self.by_student:
            return 0.0
        return smallest_p_value(int(np.count_nonzero(self.values - margin)))


def units_of(differences: ArrayLike, seeds: ArrayLike | None = None) -> Units:
    """Return the independent units of paired differences (n,).

    Args:
        differences: one value per pair.
        seeds: (n,), the seed of each pair; None if the pairs name no seeds.
    """
    values = np.asarray(differences, dtype=float)
    mean = mean_of(values)
    if seeds is None:
        return Units(values, False, 0, mean)
    groups = np.unique(np.asarray(seeds), return_inverse=True)[1]
    num_seeds = int(groups.max()) + 1
    if are_units(groups):
        return Units(values, False, num_seeds, mean)
    means = np.array([mean_of(values[groups == group]) for group in range(num_seeds)])
    return Units(means, True, num_seeds, mean)


def mean_of(values: NDArray[np.float64]) -> float:
    """Return a mean of differences; 0 if they cancel but for rounding, which would have a sign."""
    mean = float(values.mean())
    return 0.0 if abs(mean) <= _EQUAL * float(np.abs(values).max()) else mean


def are_units(groups: NDArray[np.intp]) -> bool:
    """Return whether pairs are units by themselves: at one seed, or each at its own."""
    return int(groups.max()) + 1 in (1, len(groups))


def too_few_units(num_units: int, alpha: float) -> bool:
    """Return whether no verdict is given: the one rule, for every test over pairs and seeds."""
    return num_units < fewest_pairs(alpha)
