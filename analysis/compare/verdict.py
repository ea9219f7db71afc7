"""The verdict of a comparison: better, worse, or not distinguishable, by the project's one rule.

From two seeds on the means of the seeds are the units, and six are the fewest that decide. At one
seed the trainings are the units, and the verdict is about these runs (``analysis.stats.units``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.compare.joined import Joined
from analysis.compare.measure import Judged, unlike
from analysis.compare.pairs import Pairs, distinct, independent, units
from analysis.frames.cells import counted
from analysis.stats import Units, fewest_pairs, holm
from analysis.stats.units import too_few_units

ALPHA = 0.05
Word = Literal[
    "better",
    "worse",
    "higher",
    "lower",
    "equal",
    "not distinguishable",
    "underpowered",
    "not comparable",
]


@dataclass(frozen=True)
class Verdict:
    """What a comparison found, about the second study.

    Attributes:
        word: the verdict; ``higher`` and ``lower`` if it is not known which is better.
        reason: why nothing is decided; empty if it is.
        of_runs: whether it holds for the trained models at hand only.
        difference: the mean over the units, second minus first; NaN without a pair.
        low, high: its interval; NaN if there is none.
        p_value: after Holm's correction for several studies; NaN if nothing was tested.
        num_rows: pairs of rows with results, made from the same data.
        num_equal: those that are equal digit for digit.
        num_pairs: independent pairs.
        num_seeds: different seeds among them.
        num_better, num_worse: independent pairs in which the second study is better, or worse; 0
            if it is not known which values are better.
        smallest_p: the smallest p-value that so many units can give; 0 if it is not limited.
    """

    word: Word
    reason: str = ""
    of_runs: bool = False
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    num_rows: int = 0
    num_equal: int = 0
    num_pairs: int = 0
    num_seeds: int = 0
    num_better: int = 0
    num_worse: int = 0
    smallest_p: float = 0.0


def tested(joined: Joined, measure: Judged, pairs: Pairs) -> Verdict:
    """Test one comparison. Its word is decided by ``decide``, after Holm's correction."""
    found = units(pairs)
    alike = pairs[pairs["same_data"]]
    start = Verdict("not distinguishable", num_rows=len(alike), num_equal=int(alike["equal"].sum()))
    if found is None:
        return replace(start, word="not comparable", reason=_nothing(pairs))
    differences = independent(pairs)["difference"]
    gains = -differences if measure.better == "min" else differences
    start = replace(
        start,
        of_runs=found.num_seeds < 2,
        difference=found.mean,
        num_pairs=len(differences),
        num_seeds=found.num_seeds,
        num_better=int((gains > 0).sum()) if measure.better else 0,
        num_worse=int((gains < 0).sum()) if measure.better else 0,
    )
    if reason := unlike(joined, measure.name):
        start = replace(start, difference=math.nan, num_better=0, num_worse=0)
        return replace(start, word="not comparable", reason=reason)
    if word := _without_test(joined, pairs):
        return replace(start, word=word[0], reason=word[1])
    if too_few_units(len(found.values), ALPHA):
        return replace(start, word="underpowered", reason=_too_few(found, joined))
    if found.disagree():
        return replace(start, reason="means over pairs and over seeds lie on different sides of 0")
    low, high = found.interval(1 - ALPHA)
    start = replace(start, low=low, high=high)
    reason = _few_differ(found) or _power(found, measure)
    return replace(start, p_value=found.p_value(), smallest_p=found.smallest_p(), reason=reason)


def _without_test(joined: Joined, pairs: Pairs) -> tuple[Word, str] | None:
    """Return the word of a comparison that needs no test or allows none, and the reason."""
    if bool(distinct(pairs)["equal"].all()):
        return "equal", ""
    if joined.seeds_differ:
        return "not comparable", "no seed is in both, so means are shown only"
    return None


def decide(verdicts: Sequence[Verdict], measure: Judged) -> list[Verdict]:
    """Decide the words of a family of comparisons with the same first study."""
    adjusted = holm([verdict.p_value for verdict in verdicts])
    number = int(np.isfinite(adjusted).sum())
    return [
        _decided(replace(verdict, p_value=float(p)), measure, number)
        for verdict, p in zip(verdicts, adjusted, strict=True)
    ]


def _decided(verdict: Verdict, measure: Judged, number: int) -> Verdict:
    """Return a verdict in a family of so many tests."""
    if not verdict.p_value < ALPHA:
        if verdict.smallest_p < ALPHA <= verdict.smallest_p * number:
            pairs, seeds = f"{verdict.num_pairs} pairs", f"{verdict.num_seeds} seeds"
            units = pairs if verdict.of_runs else seeds
            few = f"{units} are too few for {number} comparisons judged together"
            return replace(verdict, word="underpowered", reason=few)
        return verdict
    above = verdict.difference > 0
    if measure.better is None:
        return replace(verdict, word="higher" if above else "lower", reason="")
    is_better = above == (measure.better == "max")
    return replace(verdict, word="better" if is_better else "worse", reason="")


def _nothing(pairs: Pairs) -> str:
    if pairs.empty:
        return "no row has a result in both"
    return "the rows were made from other data, or from another split"


def _too_few(found: Units, joined: Joined) -> str:
    fewest = fewest_pairs(ALPHA)
    have = len(found.values)
    if found.num_seeds > 1:
        seeds = f"{counted(have, 'seed')} {'is' if have == 1 else 'are'} too few, {fewest} are the"
        if len({*joined.first.rows["seed"]} & {*joined.second.rows["seed"]}) < fewest:
            return f"{seeds} fewest that decide (--seeds 0-{fewest - 1})"
        return f"{seeds} fewest that decide: the others have no result in one of the studies"
    return f"{counted(have, 'training')} at one seed: {fewest} are the fewest that decide"


def _few_differ(found: Units) -> str:
    """Return that almost all units are equal; empty if enough of them differ to decide."""
    differ = int(np.count_nonzero(found.values))
    if differ >= fewest_pairs(ALPHA):
        return ""
    return f"only {differ} of {len(found.values)} differ at all"


def _power(found: Units, measure: Judged) -> str:
    """Return which difference would have been found, for a verdict that decides nothing."""
    visible = found.smallest_difference(ALPHA)
    if not math.isfinite(visible) or visible <= 0:
        return ""
    text = measure.scale.in_words(visible).lstrip("+")
    return f"with this spread, a difference of {text} is found in 4 of 5 cases"
