"""Tests of claims that one value of a factor is better than another, over matched pairs.

The two rows of a pair differ only in the factor. The null hypothesis is that the factor changes
nothing in any pair, so that every difference is as likely as its negative. With one seed all pairs
share the initial weights and the order of batches; the caveats of the verdict say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import (
    POINTS,
    RATIO,
    SMALLEST_P,
    Outcome,
    joined,
    mean_text,
    named,
    not_comparable,
    printed,
    size,
)
from analysis.checks.claims.pairs import Matched, Pairs, match, turns
from analysis.frames.pairing import join_runs
from analysis.stats import bca_interval, fewest_pairs, sign_flip, smallest_difference
from analysis.stats.by_seed import by_seed, num_seeds, wider


@dataclass(frozen=True)
class Higher:
    """Claims that a metric is higher, on average over matched pairs, at one value of a factor.

    A sign-flip test of the paired differences decides. The interval is a BCa bootstrap interval and
    is not widened for the family of claims. With six seeds or more and several pairs at each, the
    means of the seeds are tested too: the larger p-value and the wider interval count.

    Attributes:
        factor: such as ``optimizer``.
        higher, than: two of its values.
        metric: what is compared.
        by_at_least: the claimed margin, in the unit of the metric; 0 for "higher at all".
        log: compare ratios instead of differences, for durations.
    """

    factor: str
    higher: Any
    than: Any
    metric: str = "test_accuracy"
    by_at_least: float = 0.0
    log: bool = False

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        matched = match(evidence, self.factor, self.higher, self.than, self.metric, log=self.log)
        if matched.problem:
            return not_comparable(matched.problem)
        note = turns(matched, alpha, log=self.log)
        return paired_outcome(
            matched, alpha, margin=self.by_at_least, log=self.log, versus=self._versus(), note=note
        )

    def _versus(self) -> str:
        return f"{named(self.factor)} {printed(self.higher)} against {printed(self.than)}: higher"


def paired_outcome(
    matched: Matched,
    alpha: float,
    *,
    margin: float = 0.0,
    log: bool = False,
    versus: str,
    note: str = "",
) -> Outcome:
    """Test whether the mean of paired differences lies above a margin."""
    differences = matched.differences
    interval = bca_interval(differences, confidence=1 - alpha)
    together = by_seed(matched.pairs, margin, alpha, 1 - alpha)
    wins, ties = int((differences > 0).sum()), int((differences == 0).sum())
    counted = f"{versus} in {wins} of {len(differences)} pairs"
    counted += f", equal in {ties}" if ties else ""
    too_few = len(differences) < fewest_pairs(alpha)
    if too_few:
        counted += f"; a difference takes at least {fewest_pairs(alpha)} independent pairs"
    power = "" if too_few or log else _power(differences, alpha)
    mean = float(differences.mean())
    p_value = np.nan if too_few else sign_flip(differences - margin).p_value
    if together is not None:
        interval = wider(interval, together.interval)
        p_value, alone = max(p_value, together.p_value), p_value
        if alone < p_value >= SMALLEST_P:
            counted += f"; p from the means of {together.num_seeds} seeds, as pairs share seeds"
    scale = np.exp if log else lambda value: value
    return Outcome(
        word="underpowered" if too_few else None,
        reason=joined(counted, note, matched.note),
        effect=float(scale(mean)),
        low=float(scale(interval.low)),
        high=float(scale(interval.high)),
        unit=RATIO if log else POINTS,
        p_value=p_value,
        supports=mean > margin,
        num_pairs=len(differences),
        num_seeds=num_seeds(matched.pairs),
        wins=wins,
        ties=ties,
        smallest_p=2.0 ** (1 - np.count_nonzero(differences - margin)),
        power=power,
    )


def _power(differences: NDArray[np.float64], alpha: float) -> str:
    visible = smallest_difference(float(differences.std(ddof=1)), len(differences), alpha=alpha)
    return f"with this spread, a single test finds {size(visible)} in 4 of 5 studies"


@dataclass(frozen=True)
class LargerAt:
    """Claims that a factor's effect is larger at one value of another factor: an interaction.

    Attributes:
        factor, higher, than, metric, log: the effect, as for ``Higher``.
        by: the other factor.
        at, than_at: two of its values.
    """

    factor: str
    higher: Any
    than: Any
    by: str
    at: Any
    than_at: Any
    metric: str = "test_accuracy"
    log: bool = False

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        if unknown := evidence.lacks(self.by):
            return not_comparable(unknown)
        sides, left_out = [], 0
        for level in (self.at, self.than_at):
            part = evidence.where({self.by: level})
            matched = match(part, self.factor, self.higher, self.than, self.metric, log=self.log)
            if matched.problem:
                return not_comparable(f"at {named(self.by)} {printed(level)}: {matched.problem}")
            sides.append(matched.pairs)
            left_out += matched.left_out
        measured = ("a", "b", "difference", "runs", self.by)
        keys = [str(key) for key in sides[0] if key not in measured]
        merged = sides[0].merge(sides[1], on=keys)
        if merged.empty:
            return not_comparable(f"no pairs that differ only in {named(self.by)}")
        runs = [x | y for x, y in zip(merged["runs_x"], merged["runs_y"], strict=True)]
        both = pd.Series(runs, merged.index)
        gains = merged["difference_x"] - merged["difference_y"]
        pairs = join_runs(merged[keys].assign(difference=gains, runs=both), ["difference"])
        effects = [_effect(side, log=self.log) for side in sides]
        versus = (
            f"{named(self.factor)} {printed(self.higher)} against {printed(self.than)}: "
            f"{effects[0]} at {named(self.by)} {printed(self.at)}, {effects[1]} at "
            f"{printed(self.than_at)}; the first is larger"
        )
        both_matched = Matched(pairs, left_out=left_out)
        return paired_outcome(both_matched, alpha, log=self.log, versus=versus)


def _effect(pairs: Pairs, *, log: bool) -> str:
    differences = pairs["difference"]
    mean = mean_text(float(differences.mean()), log=log)
    return f"{mean} (higher in {int((differences > 0).sum())} of {len(differences)})"
