"""Tests of claims about ratios: how many times longer, larger or faster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import same_size
from analysis.checks.claims.evidence import Evidence, is_timed
from analysis.checks.claims.origin import NUM_TRAIN
from analysis.checks.claims.outcome import (
    RATIO,
    Outcome,
    Word,
    named,
    not_comparable,
    printed,
    ratio_text,
)
from analysis.checks.claims.pairs import match
from analysis.frames.measures import Measure
from analysis.frames.timing import conditions_differ

TIME_TOLERANCE = 0.1
"""The relative difference that durations of the same training may have."""


@dataclass(frozen=True)
class RatioWithin:
    """Claims that a metric at one value of a factor is a number of times that at another.

    The claim is supported if the ratio of every matched pair lies inside the range by more than the
    tolerance, and contradicted if every ratio lies outside by more than it. There is no p-value:
    durations of the same work repeat within the tolerance, and claims such as "15 to 20 times" are
    about the numbers themselves. The verdict is about these runs, unless the numbers are exact. The
    printed range is that of the pairs.

    Attributes:
        factor, of, to: the metric ``of`` one value, divided by that of the other.
        at_least, at_most: the claimed range; infinite where it is open.
        metric: what is divided.
        tolerance: relative; 0 for numbers that are exact, such as FLOPs.
    """

    factor: str
    of: Any
    to: Any
    at_least: float = 0.0
    at_most: float = math.inf
    metric: str = "train_seconds"
    tolerance: float = TIME_TOLERANCE

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence; the numbers decide, whatever ``alpha``."""
        del alpha
        matched = match(evidence, self.factor, self.of, self.to, self.metric, log=True)
        if matched.problem:
            return not_comparable(matched.problem)
        ratios = np.exp(matched.differences)
        word, inside = self.decide(ratios)
        few = len(np.unique(ratios.round(6))) <= 6
        shown = ", ".join(map(ratio_text, np.unique(ratios.round(6))))
        if not few:
            shown = f"{ratio_text(ratios.min())} to {ratio_text(ratios.max())}"
        return Outcome(
            word=word,
            reason=f"{named(self.metric)} of {printed(self.of)} over {printed(self.to)}: {shown}"
            + (f"; tolerance {100 * self.tolerance:.0f} %" if self.tolerance else "")
            + (f"; {matched.note}" if matched.note else ""),
            effect=float(np.exp(np.log(ratios).mean())),
            low=float(ratios.min()),
            high=float(ratios.max()),
            unit=RATIO,
            bounds="range",
            num_pairs=len(ratios),
            num_seeds=matched.units.num_seeds,
            of_runs=self.tolerance > 0,
            wins=int(inside.sum()),
        )

    def decide(self, ratios: NDArray[np.float64]) -> tuple[Word, NDArray[np.bool_]]:
        """Return the verdict on some ratios, and which of them lie inside the range."""
        room = 1 + self.tolerance
        inside = (ratios >= self.at_least * room) & (ratios <= self.at_most / room)
        outside = (ratios < self.at_least / room) | (ratios > self.at_most * room)
        if inside.all():
            return "supported", inside
        return "contradicted" if outside.all() else "not distinguishable", inside


@dataclass(frozen=True)
class LongerThan:
    """Claims that every training of one group takes longer than every one of another.

    It is for groups that cannot be matched, such as SVMs and ResNets. The claim is supported if the
    shortest training of the one group is longer than the longest of the other by more than the
    tolerance, and contradicted if the longest is shorter than the other's median. Both are checked
    within each value of ``by`` that has both groups.

    Attributes:
        factor: such as ``family`` (``resnet``, ``svm``).
        longer, than: two of its values.
        metric: what is compared.
        by: the setting within whose values the groups are compared.
        tolerance: relative.
    """

    factor: str
    longer: Any
    than: Any
    metric: str = "train_seconds"
    by: str = "dataset"
    tolerance: float = TIME_TOLERANCE

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence; the numbers decide, whatever ``alpha``."""
        del alpha
        rows = evidence.with_metric(self.metric).distinct().rows
        if unknown := evidence.lacks(self.factor, self.by):
            return not_comparable(unknown)
        words: list[Word] = []
        scale = evidence.scale(self.metric)
        ratios, shown = [], []
        for name, group in rows.groupby(self.by, sort=False):
            one, other = same_size(
                *(group[group[self.factor].isin([v])] for v in (self.longer, self.than))
            )
            if one.empty or other.empty:
                continue
            if set(one[NUM_TRAIN].dropna()) != set(other[NUM_TRAIN].dropna()):
                return not_comparable("trained on different numbers of images")
            timed = evidence.kind == "study" and is_timed(self.metric)
            if timed and (problem := conditions_differ(one, other, time=self.metric)):
                return not_comparable(f"times are not comparable: {problem}")
            a, b = one[self.metric], other[self.metric]
            words.append(self.decide(a.to_numpy(dtype=float), b.to_numpy(dtype=float)))
            ratios.append(float(a.median() / b.median()))
            shown.append(
                f"{printed(name)}: {_range(a, scale)} against {_range(b, scale)}"
                f"{_devices(one, other)}"
            )
        if not ratios:
            return not_comparable(
                f"no rows with both {printed(self.longer)} and {printed(self.than)}"
            )
        num_clear = words.count("supported")
        word: Word = "supported" if num_clear == len(words) else "not distinguishable"
        return Outcome(
            word="contradicted" if "contradicted" in words else word,
            reason="; ".join(shown),
            effect=float(np.exp(np.mean(np.log(ratios)))),
            low=min(ratios),
            high=max(ratios),
            unit=RATIO,
            bounds="range",
            num_pairs=len(ratios),
            of_runs=True,
            wins=num_clear,
        )

    def decide(self, longer: NDArray[np.float64], than: NDArray[np.float64]) -> Word:
        """Return the verdict on the durations of two groups."""
        room = 1 + self.tolerance
        if longer.min() > than.max() * room:
            return "supported"
        return "contradicted" if longer.max() * room < np.median(than) else "not distinguishable"


def _range(values: pd.Series[Any], scale: Measure) -> str:
    low, high = (float(v) * (100 if scale.in_percent else 1) for v in (values.min(), values.max()))
    shown = [f"{v:.0f}" if v >= 100 else f"{v:.3g}" for v in (low, high)]
    return f"{shown[0] if low == high else ' to '.join(shown)} {scale.unit}".rstrip()


def _devices(*sides: pd.DataFrame) -> str:
    names = [
        "/".join(sorted(map(printed, side["device"].dropna().unique()))) if "device" in side else ""
        for side in sides
    ]
    return f" (on {names[0] or 'unknown device'} and {names[1] or 'unknown device'})"
