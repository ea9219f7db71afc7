"""Compare two arms over pairs: sign flips, the probability of outperforming, Holm's method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.stats.intervals import wilson_interval

Alternative = Literal["two-sided", "greater", "less"]

MOST_EXACT_PAIRS = 20
"""Up to this number all 2^n sign patterns are counted: a million sums, 8 MB, some 10 ms."""
NUM_FLIPS = 100_000
_FLIPS_AT_ONCE = 2_000
_ROUNDING = 1e-12
MEANINGFUL = 0.75
"""The threshold of Bouthillier et al., below which A is better too rarely to matter."""


@dataclass(frozen=True)
class SignFlip:
    """A sign-flip permutation test of paired differences.

    Attributes:
        p_value: of the hypothesis that each difference is as likely as its negative.
        standard_error: of ``p_value`` as a Monte Carlo estimate; 0 if it is exact.
        num_pairs: pairs with a difference other than zero; only their signs can be flipped.
    """

    p_value: float
    standard_error: float
    num_pairs: int


def sign_flip(
    differences: ArrayLike, *, alternative: Alternative = "two-sided", seed: int = 0
) -> SignFlip:
    """Test whether paired differences are centred at zero (Fisher 1935, section 21).

    The test is that of ``scipy.stats.permutation_test`` with one sample. Here the sums are computed
    by doubling, which takes milliseconds; listing the sign patterns would take minutes.

    Args:
        differences: (n,), one value per independent pair. For a shifted hypothesis subtract the
            shift first.
        alternative: the alternative hypothesis about the mean, compared with zero.
        seed: of the Monte Carlo flips, which replace the exact count beyond
            ``MOST_EXACT_PAIRS`` pairs and include the observed signs (Phipson & Smyth 2010).
    """
    values = np.asarray(differences, dtype=float)
    assert values.ndim == 1 and np.isfinite(values).all()
    values = values[values != 0]
    if len(values) == 0:
        return SignFlip(1.0, 0.0, 0)
    if alternative == "less":
        values = -values
    observed = float(values.sum())
    exact = len(values) <= MOST_EXACT_PAIRS
    sums = _all_sums(values) if exact else _random_sums(values, seed)
    slack = _ROUNDING * float(np.abs(values).sum())
    if alternative == "two-sided":
        extreme = int(np.count_nonzero(np.abs(sums) >= abs(observed) - slack))
    else:
        extreme = int(np.count_nonzero(sums >= observed - slack))
    if exact:
        return SignFlip(extreme / len(sums), 0.0, len(values))
    p_value = (extreme + 1) / (len(sums) + 1)
    error = math.sqrt(p_value * (1 - p_value) / len(sums))
    return SignFlip(p_value, error, len(values))


def _all_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _random_sums(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    row_bytes = (len(values) + 7) // 8
    sums = []
    for _ in range(NUM_FLIPS // _FLIPS_AT_ONCE):
        flips = np.frombuffer(rng.bytes(_FLIPS_AT_ONCE * row_bytes), dtype=np.uint8)
        flips = np.unpackbits(flips.reshape(_FLIPS_AT_ONCE, row_bytes), axis=1, count=len(values))
        sums.append(values.sum() - 2 * (flips.astype(float) @ values))
    return np.concatenate(sums)


@dataclass(frozen=True)
class Outperforming:
    """How often A is better than B.

    Attributes:
        probability: P(A > B), ties counted half.
        low, high: its confidence interval.
        wins, ties, num_pairs: the counts behind it.
    """

    probability: float
    low: float
    high: float
    wins: int
    ties: int
    num_pairs: int

    @property
    def is_significant(self) -> bool:
        """Whether the interval lies above 0.5."""
        return self.low > 0.5

    def is_meaningful(self, threshold: float = MEANINGFUL) -> bool:
        """Whether the interval reaches above the threshold."""
        return self.high > threshold


def outperforming(
    differences: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Outperforming:
    """Estimate P(A > B) from paired differences A − B (n,).

    The rule of Bouthillier et al. (2021, "Accounting for variance in machine learning benchmarks"):
    A is said to outperform B when the interval lies above 0.5 (``is_significant``)
    and reaches above 0.75 (``is_meaningful``). They use the percentile bootstrap, for 29 pairs or
    more. Its interval has no width if A is better in every pair, so Wilson's interval is used here.

    ``groups`` (n,) says which pairs are dependent, such as those of one seed. Wilson's interval is
    then computed for the number of independent pairs with the same variance (Korn & Graubard 1998).
    """
    values = np.asarray(differences, dtype=float)
    assert len(values) and np.isfinite(values).all()
    scores = (values > 0) + 0.5 * (values == 0)
    size = len(values) if groups is None else _effective_size(scores, groups, confidence)
    low, high = wilson_interval(float(scores.mean()) * size, size, confidence=confidence)
    wins, ties = int((values > 0).sum()), int((values == 0).sum())
    return Outperforming(float(scores.mean()), low, high, wins, ties, len(values))


def _effective_size(scores: NDArray[np.float64], groups: ArrayLike, confidence: float) -> float:
    """Return the number of independent scores whose mean has the same variance.

    It follows from the design effect of the groups' totals, with the degrees of freedom of the
    groups, and is at least the number of groups. If all scores are equal, the dependence is
    unknown and each group counts as one score.
    """
    from scipy import stats

    _, group = np.unique(np.asarray(groups), return_inverse=True)
    num_scores, num_groups = len(scores), int(group.max()) + 1
    assert num_groups > 1
    mean = float(scores.mean())
    if not 0 < mean < 1:
        return float(num_groups)
    totals = np.bincount(group, scores - mean)
    variance = num_groups / (num_groups - 1) * float((totals**2).sum()) / num_scores**2
    level = (1 + confidence) / 2
    freedom = stats.t.ppf(level, num_scores - 1) / stats.t.ppf(level, num_groups - 1)
    worth = mean * (1 - mean) / variance * freedom**2 if variance else math.inf
    return float(np.clip(worth, num_groups, num_scores))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's (1979) adjusted p-values (n,). NaN stays NaN and does not count.

    The result equals ``multipletests(..., method="holm")`` of statsmodels, which runs the garbage
    collector on every call and takes a tenth of a second.
    """
    adjusted = np.asarray(p_values, dtype=float).copy()
    tested = np.flatnonzero(np.isfinite(adjusted))
    order = tested[np.argsort(adjusted[tested])]
    scaled = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
