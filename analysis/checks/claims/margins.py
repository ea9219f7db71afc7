"""Tests of claims with a margin: equal within it, or better in most pairs up to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import (
    SHARE,
    Outcome,
    Word,
    joined,
    named,
    not_comparable,
    points,
    printed,
    size,
)
from analysis.checks.claims.pairs import match, turns
from analysis.stats import bca_interval, fewest_pairs, outperforming, sign_flip
from analysis.stats.by_seed import by_seed, num_seeds, seeds_decide, wider


@dataclass(frozen=True)
class Same:
    """Claims that two values of a factor give the same metric within a margin.

    The test of equivalence consists of two one-sided tests (Schuirmann 1987), each a sign-flip test
    of the differences shifted by the margin. The interval that belongs to it has confidence 1 − 2α.
    A difference that is only not significant does not support the claim.

    Attributes:
        factor: such as ``epochs``.
        first, second: two of its values.
        within: the margin, in the unit of the metric.
        metric: what is compared.
        is_absolute: whether the claim needs as many training images as its source had, such as a
            claim that longer training gains nothing.
    """

    factor: str
    first: Any
    second: Any
    within: float
    metric: str = "test_accuracy"
    is_absolute: bool = False

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        matched = match(evidence, self.factor, self.first, self.second, self.metric)
        if matched.problem:
            return not_comparable(matched.problem)
        differences = matched.differences
        mean = float(differences.mean())
        inside = abs(mean) < self.within
        if inside:
            above = sign_flip(differences + self.within, alternative="greater").p_value
            below = sign_flip(differences - self.within, alternative="less").p_value
            p_value = max(above, below)
        else:
            towards = differences if mean > 0 else -differences
            p_value = sign_flip(towards - self.within, alternative="greater").p_value
        interval = bca_interval(differences, confidence=1 - 2 * alpha)
        bound = self.within if mean > 0 else -self.within
        together = by_seed(matched.pairs, bound, alpha, 1 - 2 * alpha)
        if together is not None:  # the nearer bound decides, on the side where the mean lies
            p_value = max(p_value, together.p_value / 2)
            interval = wider(interval, together.interval)
        reason = f"{named(self.factor)} {printed(self.first)} against {printed(self.second)}: "
        reason += f"within {size(self.within)} of each other in "
        reason += f"{int((np.abs(differences) < self.within).sum())} of {len(differences)} pairs"
        too_few = len(differences) < fewest_pairs(alpha)
        if too_few:
            reason += f"; equality takes at least {fewest_pairs(alpha)} independent pairs"
        return Outcome(
            word="underpowered" if too_few else None,
            reason=reason,
            effect=mean,
            low=interval.low,
            high=interval.high,
            p_value=np.nan if too_few else p_value,
            supports=inside,
            num_pairs=len(differences),
            num_seeds=num_seeds(matched.pairs),
            wins=int((differences > 0).sum()),
            ties=int((differences == 0).sum()),
            smallest_p=0.5 ** np.count_nonzero(np.abs(differences) != self.within),
        )


@dataclass(frozen=True)
class Usually:
    """Claims that one value of a factor is better in most pairs: "generally", "consistently".

    The rule is that of Bouthillier et al. (2021): supported if the interval of P(A > B) lies above
    0.5 and reaches above ``threshold``, contradicted if it lies below ``threshold``. With six seeds
    or more the interval allows for the dependence of pairs at the same seed.

    Attributes:
        factor, higher, than, metric: as for ``Higher``.
        slack: how much lower still counts as better, for "as good or better".
        threshold: the share of pairs that the claim's words ask for.
    """

    factor: str
    higher: Any
    than: Any
    metric: str = "test_accuracy"
    slack: float = 0.0
    threshold: float = 0.75

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        matched = match(evidence, self.factor, self.higher, self.than, self.metric)
        if matched.problem:
            return not_comparable(matched.problem)
        differences = matched.differences
        seeds = matched.pairs["seed"] if seeds_decide(matched.pairs, alpha) else None
        found = outperforming(differences + self.slack, groups=seeds, confidence=1 - alpha)
        reason = f"{named(self.factor)} {printed(self.higher)} against {printed(self.than)}: "
        reason += f"higher in {int((differences > 0).sum())} of {len(differences)} pairs"
        ties = int((differences == 0).sum())
        reason += f", equal in {ties}" if ties else ""
        if self.slack:
            reason += f", higher or at most {size(self.slack)} lower in {found.wins + found.ties}"
        reason += f"; mean difference {points(float(differences.mean()))}"
        perfect = outperforming(np.ones(len(differences)), groups=seeds, confidence=1 - alpha)
        word: Word
        if not found.is_meaningful(self.threshold):
            word = "contradicted"
        elif found.is_significant:
            word = "supported"
        else:
            word = "not distinguishable" if perfect.is_significant else "underpowered"
        return Outcome(
            word=word,
            reason=joined(reason, turns(matched, alpha)),
            effect=found.probability,
            low=found.low,
            high=found.high,
            unit=SHARE,
            of="pairs",
            num_pairs=len(differences),
            num_seeds=num_seeds(matched.pairs),
            wins=int((differences > 0).sum()),
            ties=ties,
        )
