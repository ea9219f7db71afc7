"""Tests of claims that one value of a factor is better than another, over matched pairs.

The two rows of a pair differ only in the factor. The null hypothesis is that the factor changes
nothing in any pair, so that every difference is as likely as its negative. With one seed all pairs
share the initial weights and the order of batches, and the verdict is about these runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import (
    PLAIN,
    POINTS,
    RATIO,
    Outcome,
    Word,
    above_all,
    joined,
    mean_text,
    named,
    not_comparable,
    printed,
)
from analysis.checks.claims.pairs import Matched, Pairs, match, turns
from analysis.frames.cells import counted
from analysis.frames.measures import TEST_ACCURACY, Measure
from analysis.frames.pairing import RUNS, join_runs
from analysis.stats import Units, fewest_pairs
from analysis.stats.intervals import UNKNOWN
from analysis.stats.units import too_few_units


@dataclass(frozen=True)
class Higher:
    """Claims that a metric is higher, on average over matched pairs, at one value of a factor.

    The means of the seeds are tested, or the pairs if there is one seed or each has its own
    (``analysis.stats.units``). The interval has the values that the test does not reject. It is not
    widened for the family of claims.

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
        scale = evidence.scale(self.metric)
        if problem := "" if self.log else above_all("by_at_least", self.by_at_least, scale):
            return not_comparable(problem)
        note = turns(matched, alpha, log=self.log, scale=scale)
        return paired_outcome(
            matched,
            alpha,
            margin=self.by_at_least,
            log=self.log,
            versus=self._versus(),
            note=note,
            scale=scale,
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
    scale: Measure = TEST_ACCURACY,
) -> Outcome:
    """Test whether the mean of paired differences lies above a margin."""
    differences, units = matched.differences, matched.units
    wins, ties = int((differences > 0).sum()), int((differences == 0).sum())
    told = f"{versus} in {wins} of {counted(len(differences), 'pair')}"
    told += f", equal in {ties}" if ties else ""
    undecided = undecided_because(units, alpha, "a difference", margin, log=log, scale=scale)
    interval = UNKNOWN if undecided else units.interval(1 - alpha)
    images, p_images = "", math.nan
    if not undecided and units.num_seeds > 1 and math.isfinite(matched.image_error):
        over, p_images = units.with_images(matched.image_error, 1 - alpha, margin)
        ends = f"{scale.difference(over.low)} to {scale.in_words(over.high)}"
        images = f"for other test images, too, {ends}"
    as_printed = np.exp if log else lambda value: value
    return Outcome(
        word=undecided and undecided[0],
        reason=joined(told, undecided[1] if undecided else "", images, note, matched.note),
        effect=float(as_printed(units.mean)),
        low=float(as_printed(interval.low)),
        high=float(as_printed(interval.high)),
        unit=RATIO if log else POINTS if scale.in_percent else PLAIN,
        unit_name="" if log or scale.in_percent else scale.unit,
        p_value=np.nan if undecided else units.p_value(margin),
        supports=units.mean > margin,
        num_pairs=len(differences),
        num_seeds=units.num_seeds,
        wins=wins,
        ties=ties,
        of_runs=units.num_seeds < 2,
        p_images=p_images,
        smallest_p=units.smallest_p(margin),
        power="" if undecided or log else _power(units, alpha, scale),
        depends=note,
    )


def undecided_because(
    units: Units,
    alpha: float,
    what: str,
    margin: float = 0.0,
    *,
    log: bool = False,
    scale: Measure = TEST_ACCURACY,
) -> tuple[Word, str] | None:
    """Return the verdict on units that cannot decide, and why; None if they can.

    Units that do not differ at all need no test, so they are none in a family either.
    """
    if units.are_zero and not margin:
        return "not distinguishable", "no difference at all"
    if too_few_units(len(units.values), alpha):
        kind = "seeds" if units.are_means else "independent pairs"
        return "underpowered", f"{what} takes at least {fewest_pairs(alpha)} {kind}"
    if units.disagree(margin):
        means = (mean_text(mean, log=log, scale=scale) for mean in (units.pairs_mean, units.mean))
        over = "the seeds have different numbers of pairs: {} over pairs, {} over seeds"
        return "not distinguishable", over.format(*means)
    return None


def _power(units: Units, alpha: float, scale: Measure) -> str:
    visible = units.smallest_difference(alpha)
    if not visible > 0:
        return ""
    difference = scale.in_words(visible).lstrip("+")
    return f"with this spread, a single test finds a difference of {difference} in 4 of 5 studies"


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
        measured = ("difference", RUNS, self.by)
        keys = [str(key) for key in sides[0] if key not in measured]
        merged = sides[0].merge(sides[1], on=keys, suffixes=("@a", "@b"))
        if merged.empty:
            return not_comparable(f"no pairs that differ only in {named(self.by)}")
        runs = [a | b for a, b in zip(merged[f"{RUNS}@a"], merged[f"{RUNS}@b"], strict=True)]
        gains = merged["difference@a"] - merged["difference@b"]
        both = merged[keys].assign(**{"difference": gains, RUNS: pd.Series(runs, merged.index)})
        pairs = join_runs(both, ["difference"])
        scale = evidence.scale(self.metric)
        effects = [_effect(side, log=self.log, scale=scale) for side in sides]
        versus = (
            f"{named(self.factor)} {printed(self.higher)} against {printed(self.than)}: "
            f"{effects[0]} at {named(self.by)} {printed(self.at)}, {effects[1]} at "
            f"{printed(self.than_at)}; the first is larger"
        )
        both_matched = Matched(pairs, left_out=left_out)
        return paired_outcome(both_matched, alpha, log=self.log, versus=versus, scale=scale)


def _effect(pairs: Pairs, *, log: bool, scale: Measure) -> str:
    differences = pairs["difference"]
    mean = mean_text(float(differences.mean()), log=log, scale=scale)
    return f"{mean} (higher in {int((differences > 0).sum())} of {len(differences)})"
