"""Pair rows that differ in one factor only, and keep the independent differences.

Two rows may come from the same training run, at different epochs or even as the same result. A pair
of two equal results holds no information and is left out. Pairs that come from the same two runs
count as one pair, with the mean of their differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.evidence import Evidence, is_timed
from analysis.checks.claims.images import error_over_images
from analysis.checks.claims.origin import RESULT, RUN, SOURCE
from analysis.checks.claims.outcome import mean_text, named, printed
from analysis.frames.cells import counted
from analysis.frames.measures import TEST_ACCURACY, Measure
from analysis.frames.pairing import RUNS, join_runs, side_by_side
from analysis.frames.timing import conditions_differ, same_conditions
from analysis.stats import Units, units_of
from analysis.stats.units import too_few_units

_NO_SETTINGS = ("difference", RUNS, SOURCE, "seed")

Pairs = pd.DataFrame
"""One line per independent pair: the settings that both rows share (as text; the first of joined
pairs), ``difference`` (the mean of a − b) and ``RUNS``, the frozen set of runs."""


@dataclass(frozen=True, eq=False)
class Matched:
    """The pairs of two levels, or the reason why there are none.

    Attributes:
        pairs: independent pairs.
        problem: why nothing can be compared; empty if something can.
        left_out: pairs whose times were measured under different conditions.
        sides: the rows of both levels, indexed by pair, if the metric is the test accuracy.
    """

    pairs: Pairs
    problem: str = ""
    left_out: int = 0
    sides: Sequence[pd.DataFrame] = ()

    @cached_property
    def image_error(self) -> float:
        """The standard error of the mean difference from the sampling of test images, or NaN."""
        return error_over_images(*self.sides) if self.sides else math.nan

    @property
    def note(self) -> str:
        """A clause on the pairs that were left out; empty if none were."""
        pairs = counted(self.left_out, "pair")
        return f"without {pairs} timed under different conditions" if self.left_out else ""

    @property
    def differences(self) -> NDArray[np.float64]:
        """The differences a − b, one per independent pair."""
        return self.pairs["difference"].to_numpy(dtype=float)

    @property
    def units(self) -> Units:
        """The independent values behind their mean: the means of seeds, or the pairs."""
        return _units(self.pairs)


_NOTHING = pd.DataFrame(columns=["difference", RUNS])


def match(
    evidence: Evidence, factor: str, a: Any, b: Any, metric: str, *, log: bool = False
) -> Matched:
    """Pair the rows at level a with those at level b, all other settings and the seed equal.

    Args:
        evidence: the rows the claim is about.
        factor: a setting.
        a, b: two of its levels.
        metric: a measurement; pairs of times are used only if both were measured under the same
            conditions.
        log: use the difference of logarithms.
    """
    if unknown := evidence.lacks(factor, metric):
        return Matched(_NOTHING, problem=unknown)
    rows = evidence.with_metric(metric).rows
    values = [rows.loc[rows[factor].isin([level]), metric] for level in (a, b)]
    names = [f"{named(factor)} {printed(level)}" for level in (a, b)]
    if problem := _problem(names, values, metric, log=log):
        return Matched(_NOTHING, problem=problem)
    keys = [k for k in (*evidence.settings, "seed", SOURCE) if k != factor and k in rows]
    lines = side_by_side(rows, factor, (a, b), keys)
    if lines.empty:
        return Matched(_NOTHING, problem=f"no two rows differ only in {named(factor)}")
    shared, repeated = _shared_and_repeated(rows, lines)
    if shared.all():
        what = "time" if is_timed(metric) else "result"
        problem = f"both values of {named(factor)} share one trial, so there is only one {what}"
        return Matched(_NOTHING, problem=problem)
    distinct = lines[~shared & ~repeated]
    # The rows at the first and at the second level, indexed by pair.
    one, other = (rows.loc[distinct[side]].set_axis(distinct.index) for side in (0, 1))
    if is_timed(metric) and evidence.kind == "study":
        alike = same_conditions(one, other, time=metric)
        if not alike.any():
            differ = conditions_differ(one, other, time=metric)
            return Matched(_NOTHING, problem=f"times are not comparable: {differ}")
        one, other = one[alike], other[alike]
    is_counted = metric == "test_accuracy" and not log
    return Matched(
        _independent(one, other, keys, metric, log=log),
        left_out=len(distinct) - len(one),
        sides=(one, other) if is_counted else (),
    )


def _shared_and_repeated(
    rows: pd.DataFrame, lines: pd.DataFrame
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return which pairs are a single result, and which repeat the results of an earlier pair."""
    first, second = (rows[RESULT].loc[lines[side]].tolist() for side in (0, 1))
    both = list(zip(first, second, strict=True))
    shared = pd.Series([one == other for one, other in both], index=lines.index, dtype=bool)
    return shared, pd.Series(both, index=lines.index, dtype=object).duplicated()


def _problem(names: list[str], values: list[pd.Series[Any]], metric: str, *, log: bool) -> str:
    for name, of_side in zip(names, values, strict=True):
        if of_side.empty:
            return f"no rows with {named(metric)} and {name}"
    if log and any((of_side <= 0).any() for of_side in values):
        return f"{named(metric)} is not positive in every row, so there are no ratios"
    return ""


def _independent(
    one: pd.DataFrame, other: pd.DataFrame, keys: list[str], metric: str, *, log: bool
) -> Pairs:
    a, b = (side[metric].to_numpy(dtype=float) for side in (one, other))
    if log:
        a, b = np.log(a), np.log(b)
    runs = [frozenset(pair) for pair in zip(one[RUN], other[RUN], strict=True)]
    texts = {key: list(map(str, one[key].tolist())) for key in keys}
    frame = pd.DataFrame(texts, index=one.index, dtype=object)
    frame["difference"], frame[RUNS] = a - b, pd.Series(runs, one.index, dtype=object)
    return join_runs(frame, ["difference"])


def _units(pairs: Pairs) -> Units:
    return units_of(pairs["difference"], pairs.get("seed"))


def turns(
    matched: Matched, alpha: float, *, log: bool = False, scale: Measure = TEST_ACCURACY
) -> str:
    """Say on which other setting the sign of the difference depends; empty if on none.

    A setting is named if the differences at two of its values have opposite signs and both are
    significant. Both must be, so that each is tested on its own side (Gail & Simon 1985), with
    Bonferroni's correction for the settings and for the values but one: where all true differences
    have one sign, at most so many can lie on the other side by chance.
    """
    pairs = matched.pairs
    settings = sorted(str(name) for name in pairs if name not in _NO_SETTINGS)
    numbers = {name: number for name in settings if (number := pairs[name].nunique()) > 1}
    for setting, num_values in numbers.items():
        num_tests = (num_values - 1) * len(numbers)
        parts = dict(iter(pairs.groupby(setting, sort=False)))
        means = {value: part["difference"].mean() for value, part in parts.items()}
        if not min(means.values()) < 0 < max(means.values()):
            continue
        rising = [value for value, mean in means.items() if mean > 0]
        falling = [value for value in means if value not in rising]
        certain = [v for v in rising if _is_certain(parts[v], alpha, num_tests)]
        # Without one the other side does not matter, and testing thousands of pairs takes a while.
        also = [v for v in falling if certain and _is_certain(parts[v], alpha, num_tests)]
        if also:
            shown = ", ".join(
                f"{mean_text(float(means[value]), log=log, scale=scale)} at {printed(value)} "
                f"(higher in {int((part['difference'] > 0).sum())} of {len(part)})"
                for value, part in parts.items()
                if value in (*certain, *also)
            )
            return f"the sign of the difference depends on {named(setting)}: {shown}"
    return ""


def _is_certain(pairs: Pairs, alpha: float, num_tests: int) -> bool:
    """Return whether a mean is certainly on its side of zero, by one of so many tests."""
    units = _units(pairs)
    return not too_few_units(len(units.values), alpha) and units.p_value() / 2 * num_tests < alpha
