"""Tests of claims that one quantity grows with a power of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.checks.claims.evidence import Evidence, is_timed
from analysis.checks.claims.origin import SOURCE
from analysis.checks.claims.outcome import EXPONENT, Outcome, named, not_comparable
from analysis.frames.timing import conditions_differ


@dataclass(frozen=True)
class GrowsFaster:
    """Claims that one quantity grows faster than a power of another.

    The exponent is the slope of a straight line through the logarithms (of at least three sizes),
    with Student's interval, in each group of the other settings. The claim is supported if it is
    steeper than ``exponent`` in all of them, and contradicted if it is less steep in one. Numbers
    that are not positive have no logarithm and are not comparable.

    Attributes:
        metric: what grows, such as ``fit_seconds``.
        with_: with what it grows, such as ``num_train_images``.
        exponent: the power; 1 for "faster than linearly".
    """

    metric: str
    with_: str
    exponent: float = 1.0

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        usable = evidence.with_metric(self.metric).with_metric(self.with_).distinct()
        if usable.rows.empty:
            return not_comparable(f"no rows with {named(self.metric)} and {named(self.with_)}")
        keys = [k for k in (*usable.settings, SOURCE) if k != self.with_ and k in usable.rows]
        if not (usable.rows[[self.metric, self.with_]] > 0).all(axis=None):
            return not_comparable(
                f"{named(self.metric)} or {named(self.with_)} is not above 0 in every row, and "
                "only positive numbers have a power"
            )
        groups = [
            group
            for _, group in usable.rows.groupby(keys, sort=False, dropna=False)
            if group[self.with_].nunique() >= 3
        ]
        if not groups:
            return not_comparable(
                f"no setting was run at three sizes of {named(self.with_)} or more"
            )
        if evidence.kind == "study" and is_timed(self.metric):
            timed = pd.concat(groups)
            if problem := conditions_differ(timed, timed, time=self.metric):
                return not_comparable(f"times are not comparable: {problem}")
        slopes = [
            slope_of(part[self.with_], part[self.metric], self.exponent, alpha) for part in groups
        ]
        lows, highs = [s.low for s in slopes], [s.high for s in slopes]
        p_steeper = max(s.p_steeper for s in slopes)
        p_flatter = min(1.0, len(slopes) * min(s.p_flatter for s in slopes))
        shown = ", ".join(f"{s.slope:.2f} [{s.low:.2f}, {s.high:.2f}]" for s in slopes[:4])
        num_seeds = int(usable.rows["seed"].nunique()) if "seed" in usable.rows else 0
        return Outcome(
            word=None,
            reason=f"{named(self.metric)} grows with {named(self.with_)} to the power of {shown}",
            effect=float(np.mean([s.slope for s in slopes])),
            low=min(lows),
            high=max(highs),
            unit=EXPONENT,
            bounds="range",
            p_value=min(1.0, 2 * min(p_steeper, p_flatter)),
            supports=p_steeper <= p_flatter,
            num_pairs=len(slopes),
            num_seeds=num_seeds,
            of_runs=num_seeds < 2,
            wins=sum(low > self.exponent for low in lows),
        )


class Slope(NamedTuple):
    """A slope with Student's interval, and the p-values that it is not steeper and not flatter."""

    slope: float
    low: float
    high: float
    p_steeper: float
    p_flatter: float


def slope_of(x: pd.Series[Any], y: pd.Series[Any], exponent: float, alpha: float) -> Slope:
    """Return the slope of a straight line through the logarithms, and its test."""
    from scipy import special, stats

    fit = stats.linregress(np.log(x.to_numpy(dtype=float)), np.log(y.to_numpy(dtype=float)))
    slope, df, error = float(fit.slope), len(x) - 2, max(float(fit.stderr), 1e-12)
    half = float(special.stdtrit(df, 1 - alpha / 2)) * error
    above = float(special.stdtr(df, -(slope - exponent) / error))
    return Slope(slope, slope - half, slope + half, above, 1 - above)
