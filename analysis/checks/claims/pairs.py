"""Rows paired so that they differ in one factor alone, and differences that are independent.

Two rows may be read from the same training run: at another epoch of it, or as the very same result
of it. Pairs of the same result hold no information and are refused; pairs whose both sides come
from the same two runs count as one, with the mean of their differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.evidence import Evidence, is_timed
from analysis.checks.claims.outcome import mean_text, named, printed
from analysis.frames.cells import counted
from analysis.stats import (
    Interval,
    conditions_differ,
    fewest_pairs,
    mean_interval,
    same_conditions,
    sign_flip,
)

_EQUAL = 1e-12
_ROWS = ("row_x", "row_y")
_NO_SETTINGS = ["a", "b", "difference", "runs", "source", "seed"]

Pairs = pd.DataFrame
"""One line per independent pair: the settings shared by both (text; the first of several), ``a``,
``b`` (means), ``difference`` (a − b) and ``runs``, the frozen set of runs behind it."""


@dataclass(frozen=True)
class Matched:
    """The pairs of two levels, or why there are none.

    Attributes:
        pairs: independent pairs.
        shared: pairs that were one and the same result.
        problem: why nothing can be compared; empty when something can.
        left_out: pairs of times that were taken under unlike conditions.
    """

    pairs: Pairs
    shared: int = 0
    problem: str = ""
    left_out: int = 0

    @property
    def note(self) -> str:
        """What a reader must know of the pairs that are not there; empty when they all are."""
        pairs = counted(self.left_out, "pair")
        return f"{pairs} of rows timed under unlike conditions left out" if self.left_out else ""

    @property
    def differences(self) -> NDArray[np.float64]:
        """The differences a − b, one per independent pair."""
        return self.pairs["difference"].to_numpy(dtype=float)


_NOTHING = pd.DataFrame(columns=["a", "b", "difference", "runs"])


def match(
    evidence: Evidence, factor: str, a: Any, b: Any, metric: str, *, log: bool = False
) -> Matched:
    """Pair the rows with ``factor`` = a with those with b, all other settings and the seed equal.

    Args:
        evidence: the rows the claim is about.
        factor: a setting.
        a, b: two of its levels.
        metric: a measurement; pairs of a timed one are compared where both rows were taken under
            the same conditions.
        log: take the difference of logarithms.
    """
    unknown = evidence.lacks(factor) or evidence.lacks(metric)
    if unknown:
        return Matched(_NOTHING, problem=unknown)
    rows = evidence.with_metric(metric).rows
    sides = [rows[rows[factor].isin([level])] for level in (a, b)]
    names = [f"{named(factor)} {printed(level)}" for level in (a, b)]
    problem = _problem(names, sides, metric, log=log)
    if problem:
        return Matched(_NOTHING, problem=problem)
    keys = [k for k in (*evidence.settings, "seed", "source") if k != factor and k in rows]
    merged = _side(sides[0], keys, metric).merge(_side(sides[1], keys, metric), on=keys)
    if merged.empty:
        return Matched(_NOTHING, problem=f"no two rows differ in {named(factor)} alone")
    shared = merged["result_x"] == merged["result_y"]
    if shared.all():
        return Matched(
            _NOTHING,
            len(merged),
            "one trial serves both arms: its time is one measurement"
            if is_timed(metric)
            else f"one trial serves both values of {named(factor)}: nothing to compare",
        )
    distinct = merged[~shared].drop_duplicates(["result_x", "result_y"])
    num_pairs = len(distinct)
    if is_timed(metric) and evidence.kind == "study":
        one, other = (rows.loc[distinct[row]].set_axis(distinct.index) for row in _ROWS)
        distinct = distinct[same_conditions(one, other)]
        if distinct.empty:
            differ = conditions_differ(one, other)
            return Matched(_NOTHING, problem=f"times are not comparable: {differ}")
    pairs = _independent(distinct, keys, log)
    return Matched(pairs, int(shared.sum()), left_out=num_pairs - len(distinct))


def _problem(names: list[str], sides: list[pd.DataFrame], metric: str, *, log: bool) -> str:
    for name, side in zip(names, sides, strict=True):
        if side.empty:
            return f"no rows with {named(metric)} and {name}"
    if log and any((side[metric] <= 0).any() for side in sides):
        return f"{named(metric)} is not positive in every row: no ratios"
    return ""


def _side(rows: pd.DataFrame, keys: list[str], metric: str) -> pd.DataFrame:
    # Missing settings are NaN, which equals nothing: compare the values as text.
    side = rows[keys].map(str)
    side = side.assign(value=rows[metric].astype(float), run=rows["run"], result=rows["result"])
    return side.assign(row=rows.index)


def _independent(merged: pd.DataFrame, keys: list[str], log: bool) -> Pairs:
    a, b = merged["value_x"].to_numpy(), merged["value_y"].to_numpy()
    if log:
        a, b = np.log(a), np.log(b)
    runs = [frozenset(pair) for pair in zip(merged["run_x"], merged["run_y"], strict=True)]
    frame = merged[keys].assign(a=a, b=b, difference=a - b, runs=pd.Series(runs, merged.index))
    return by_runs(frame, keys)


def by_runs(frame: pd.DataFrame, keys: list[str]) -> Pairs:
    """Join lines that come from the same runs into one, with the means of their numbers."""
    groups = frame.groupby("runs", sort=False)
    numbers = [name for name in ("a", "b", "difference") if name in frame]
    joined = groups[keys].first().join(groups[numbers].mean())
    return joined.reset_index()


def num_seeds(pairs: Pairs) -> int:
    """Return how many different seeds the pairs have; 0 where the evidence does not say."""
    return int(pairs["seed"].nunique()) if "seed" in pairs else 0


def seeds_decide(pairs: Pairs, alpha: float) -> bool:
    """Return whether there are seeds enough to count them, and several pairs at each."""
    return fewest_pairs(alpha) <= num_seeds(pairs) < len(pairs)


@dataclass(frozen=True)
class BySeed:
    """The mean difference tested with a seed, not a pair, as the piece of evidence.

    Attributes:
        p_value: of Student's test of the seeds' means.
        interval: Student's, of their mean.
        num_seeds: the seeds.
    """

    p_value: float
    interval: Interval
    num_seeds: int


def by_seed(pairs: Pairs, margin: float, alpha: float, confidence: float) -> BySeed | None:
    """Test the mean difference over the seeds' means, where these are fewer than the pairs.

    Pairs at one seed share initial weights, order of batches and perhaps test images: what favours
    one of them may favour all. Means over many settings are close to normal, so that Student's test
    can decide at six seeds, where sign flips cannot get below 3 %.

    Args:
        pairs: the pairs.
        margin: what the mean is compared with.
        alpha: the level, which says how many seeds are enough.
        confidence: of the interval.

    Returns:
        None with too few seeds, or where each pair has a seed of its own.
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
    """Return the wider of two intervals; the first where one is unknown."""
    return second if second.high - second.low > first.high - first.low else first


def turns(matched: Matched, alpha: float, *, log: bool = False) -> str:
    """Say on which other setting the sign of the difference depends; empty when on none.

    A setting is named when the differences at two of its values are significantly of opposite
    sign, with Bonferroni's correction over all values of all settings.
    """
    settings = matched.pairs.columns.difference(_NO_SETTINGS)
    groups = {
        str(setting): matched.pairs.groupby(setting, sort=False)["difference"]
        for setting in settings
    }
    num_values = sum(parts.ngroups for parts in groups.values() if parts.ngroups > 1)
    for setting, parts in groups.items():
        if not parts.mean().min() < 0 < parts.mean().max():
            continue
        sure = [
            (str(value), part)
            for value, part in parts
            if sign_flip(part).p_value * num_values < alpha
        ]
        if len({part.mean() > 0 for _, part in sure}) == 2:
            shown = ", ".join(
                f"{mean_text(float(part.mean()), log=log)} at {printed(value)} (higher in "
                f"{int((part > 0).sum())} of {len(part)})"
                for value, part in sure
            )
            return f"the sign turns with {named(setting)}: {shown}"
    return ""
