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
from analysis.frames.pairing import join_runs, side_by_side
from analysis.stats import conditions_differ, same_conditions, sign_flip

_NUMBERS = ("a", "b", "difference")
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
    lines = side_by_side(rows, factor, (a, b), keys)
    if lines.empty:
        return Matched(_NOTHING, problem=f"no two rows differ in {named(factor)} alone")
    shared, repeated = _shared_and_repeated(rows, lines)
    if shared.all():
        return Matched(
            _NOTHING,
            len(lines),
            "one trial serves both arms: its time is one measurement"
            if is_timed(metric)
            else f"one trial serves both values of {named(factor)}: nothing to compare",
        )
    distinct = lines[~shared & ~repeated]
    num_pairs = len(distinct)
    if is_timed(metric) and evidence.kind == "study":
        one, other = _sides(rows, distinct)
        distinct = distinct[same_conditions(one, other)]
        if distinct.empty:
            differ = conditions_differ(one, other)
            return Matched(_NOTHING, problem=f"times are not comparable: {differ}")
    pairs = _independent(rows, distinct, keys, metric, log=log)
    return Matched(pairs, int(shared.sum()), left_out=num_pairs - len(distinct))


def _sides(rows: pd.DataFrame, lines: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows at the first and at the second level of each line, with its index."""
    return [rows.loc[lines[side]].set_axis(lines.index) for side in (0, 1)]


def _shared_and_repeated(
    rows: pd.DataFrame, lines: pd.DataFrame
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return which pairs are one result, and which are the same two results as one before."""
    results = pd.DataFrame([side["result"] for side in _sides(rows, lines)]).T
    first, second = (results.iloc[:, side] for side in (0, 1))
    both = pd.Series(list(zip(first, second, strict=True)), index=lines.index)
    return first == second, both.duplicated()


def _problem(names: list[str], sides: list[pd.DataFrame], metric: str, *, log: bool) -> str:
    for name, side in zip(names, sides, strict=True):
        if side.empty:
            return f"no rows with {named(metric)} and {name}"
    if log and any((side[metric] <= 0).any() for side in sides):
        return f"{named(metric)} is not positive in every row: no ratios"
    return ""


def _independent(
    rows: pd.DataFrame, lines: pd.DataFrame, keys: list[str], metric: str, *, log: bool
) -> Pairs:
    one, other = _sides(rows, lines)
    a, b = (side[metric].to_numpy(dtype=float) for side in (one, other))
    if log:
        a, b = np.log(a), np.log(b)
    runs = [frozenset(pair) for pair in zip(one["run"], other["run"], strict=True)]
    frame = one[keys].map(str).assign(a=a, b=b, difference=a - b)
    return join_runs(frame.assign(runs=pd.Series(runs, frame.index)), _NUMBERS)


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
