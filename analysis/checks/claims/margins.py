"""Tests of claims with a margin: equal within it, or better in most pairs up to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.checks.claims.contrasts import undecided_because
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import (
    PLAIN,
    POINTS,
    SHARE,
    Outcome,
    above_all,
    joined,
    named,
    not_comparable,
    printed,
    size,
)
from analysis.checks.claims.pairs import match, turns
from analysis.frames.cells import counted
from analysis.frames.measures import Measure
from analysis.stats import Outperforming, fewest_pairs, outperforming, smallest_p_value
from analysis.stats.intervals import UNKNOWN
from analysis.stats.shares import MEANINGFUL
from analysis.stats.units import too_few_units


@dataclass(frozen=True)
class Same:
    """Claims that two values of a factor give the same metric within a margin.

    The test of equivalence consists of two one-sided tests (Schuirmann 1987) of the mean difference
    against the margin, over the same units as those of ``Higher``. The interval that belongs to it
    has confidence 1 − 2α. A difference that is only not significant does not support the claim.

    Attributes:
        factor: such as ``epochs``.
        first, second: two of its values.
        within: the margin, in the unit of the metric.
        metric: what is compared.
        is_absolute: whether the claim needs as many training images and epochs as its source had,
            such as a claim that longer training gains nothing.
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
        differences, units, scale = matched.differences, matched.units, evidence.scale(self.metric)
        if problem := above_all("within", self.within, scale):
            return not_comparable(problem)
        inside, p_value = units.p_within(self.within)
        bound = self.within if units.mean > 0 else -self.within  # the nearer one decides
        undecided = undecided_because(units, alpha, "equality", bound, scale=scale)
        interval = UNKNOWN if undecided else units.interval(1 - 2 * alpha, fewest_pairs(alpha))
        reason = f"{named(self.factor)} {printed(self.first)} against {printed(self.second)}: "
        reason += f"within {size(self.within, scale)} of each other in "
        num_within = int((np.abs(differences) < self.within).sum())
        reason += f"{num_within} of {counted(len(differences), 'pair')}"
        return Outcome(
            word=undecided and undecided[0],
            reason=joined(reason, undecided[1] if undecided else ""),
            effect=units.mean,
            low=interval.low,
            high=interval.high,
            unit=POINTS if scale.in_percent else PLAIN,
            unit_name="" if scale.in_percent else scale.unit,
            p_value=math.nan if undecided else p_value,
            supports=inside,
            num_pairs=len(differences),
            num_seeds=units.num_seeds,
            wins=int((differences > 0).sum()),
            ties=int((differences == 0).sum()),
            of_runs=units.num_seeds < 2,
            smallest_p=units.smallest_p(bound) / 2,
        )


@dataclass(frozen=True)
class Usually:
    """Claims that one value of a factor is better in most pairs: "generally", "consistently".

    The rule is that of Bouthillier et al. (2021): supported if P(A > B) is above 0.5 and may reach
    ``threshold``, contradicted if it is below ``threshold``. The exact test of a proportion
    decides, which allows for the dependence of pairs at the same seed.

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
    threshold: float = MEANINGFUL

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        matched = match(evidence, self.factor, self.higher, self.than, self.metric)
        if matched.problem:
            return not_comparable(matched.problem)
        differences, scale = matched.differences, evidence.scale(self.metric)
        if problem := above_all("slack", self.slack, scale):
            return not_comparable(problem)
        seeds = matched.pairs.get("seed")
        found = outperforming(differences + self.slack, seeds=seeds, confidence=1 - alpha)
        too_few = too_few_units(found.num_units, alpha)
        is_meaningful, p_value = found.decides(self.threshold, alpha)
        num_seeds = matched.units.num_seeds
        return Outcome(
            word="underpowered" if too_few else None,
            reason=joined(
                self._reason(differences, found, alpha, scale), turns(matched, alpha, scale=scale)
            ),
            effect=found.probability,
            low=found.low,
            high=found.high,
            unit=SHARE,
            of="pairs",
            p_value=math.nan if too_few else p_value,
            supports=is_meaningful,
            num_pairs=len(differences),
            num_seeds=num_seeds,
            wins=int((differences > 0).sum()),
            ties=int((differences == 0).sum()),
            of_runs=num_seeds < 2,
            smallest_p=smallest_p_value(found.num_units),
        )

    def _reason(
        self, differences: NDArray[np.float64], found: Outperforming, alpha: float, scale: Measure
    ) -> str:
        ties = int((differences == 0).sum())
        reason = f"{named(self.factor)} {printed(self.higher)} against {printed(self.than)}: "
        wins = int((differences > 0).sum())
        reason += f"higher in {wins} of {counted(len(differences), 'pair')}"
        reason += f", equal in {ties}" if ties else ""
        if self.slack:
            slack = size(self.slack, scale)
            reason += f", higher or at most {slack} lower in {found.wins + found.ties}"
        if too_few_units(found.num_units, alpha):
            kind = "independent pairs" if found.num_units == len(differences) else "seeds"
            reason += f"; a share takes at least {fewest_pairs(alpha)} {kind}"
        return f"{reason}; mean difference {scale.in_words(float(differences.mean()))}"
