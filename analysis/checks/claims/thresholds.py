"""Tests of claims with a threshold: for the values of rows, or for an exponent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.claims.configurations import keys_of
from analysis.checks.claims.evidence import Evidence, is_timed
from analysis.checks.claims.outcome import EXPONENT, SHARE, Outcome, Word, named, not_comparable
from analysis.frames.seeds import over_seeds
from analysis.stats import conditions_differ


@dataclass(frozen=True)
class MostRows:
    """Claims that a metric lies beyond a threshold in most rows, or in all.

    A row counts if it is beyond the threshold by more than its noise, the sampling of its test or
    validation images. The claim is supported if enough rows count. It is contradicted if even all
    rows that are not clearly on the other side would be too few.

    Attributes:
        metric: what is compared with the threshold.
        above, below: the threshold; give one.
        minus: a metric to subtract first, as for the gap between training and validation.
        share: the share of rows that must be exceeded; with 1.0 all rows must count.
        best_by: judge only the best configuration of each group of these settings, picked by the
            mean validation accuracy of its seeds; empty for all rows.
    """

    metric: str
    above: float | None = None
    below: float | None = None
    minus: str | None = None
    share: float = 0.5
    best_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert (self.above is None) != (self.below is None), "give above or below"

    @property
    def is_absolute(self) -> bool:
        """Whether the claim needs as many training images as its source had.

        Accuracies and overfitting depend on that number. The gap between validation and test does
        not, because training sees neither of them.
        """
        return self.metric.endswith("_accuracy") and (
            self.minus is None or "train_accuracy" in (self.metric, self.minus)
        )

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        from scipy import stats

        unknown = [problem for name in self.best_by if (problem := evidence.lacks(name))]
        if unknown:
            return not_comparable(unknown[0])
        usable = evidence
        for metric in filter(None, (self.metric, self.minus)):
            usable = usable.with_metric(metric)
            if usable.rows.empty:
                return not_comparable(f"no rows with {named(metric)}")
        rows, picked_on = _best(usable.distinct(), self.best_by)
        minus = rows[self.minus].to_numpy(dtype=float) if self.minus else 0.0
        values = rows[self.metric].to_numpy(dtype=float) - minus
        error = _sampling_error(rows, self.metric) + _sampling_error(rows, self.minus)
        reach = float(stats.norm.ppf(1 - alpha / 2)) * np.sqrt(error)
        side = values - self.above if self.above is not None else -(values - (self.below or 0.0))
        num, yes, no = len(values), int((side > reach).sum()), int((side < -reach).sum())
        enough = yes == num if self.share >= 1 else yes > self.share * num
        possible = no == 0 if self.share >= 1 else num - no > self.share * num
        word: Word = "supported" if enough else "not distinguishable"
        threshold = self.above if self.above is not None else self.below
        unit = "points" if self.minus else "%"
        return Outcome(
            word=word if possible else "contradicted",
            reason=f"{self._quantity()} {'above' if self.above is not None else 'below'} "
            f"{_amount(threshold or 0.0, unit, '.3g')} in {int((side > 0).sum())} of {num} rows, "
            f"by more than the noise in {yes}, on the other side by more than it in {no}; median "
            f"{_amount(float(np.median(values)), unit, '.2f')}" + self._flattered(picked_on),
            effect=float((side > 0).mean()),
            low=yes / num,
            high=(num - no) / num,
            unit=SHARE,
            of="rows",
            bounds="range",
            num_pairs=num,
            wins=int((side > 0).sum()),
        )

    def _flattered(self, picked_on: str) -> str:
        """Say which metric rows were picked by, and that the largest of several is too high."""
        if picked_on not in (self.metric, self.minus):
            return f"; picked on {named(picked_on)}" if picked_on else ""
        return f"; picked on {named(picked_on)}, of which the largest of several is too high"

    def _quantity(self) -> str:
        minus = f" − {named(self.minus)}" if self.minus else ""
        return named(self.metric) + minus


def _amount(value: float, unit: str, digits: str) -> str:
    """Return a fraction in its unit: ``−1.67 points``, ``1 point``, ``95 %``."""
    text = f"{100 * value:{digits}}".replace("-", "−")
    return f"{text} {'point' if unit == 'points' and text in ('1', '−1') else unit}"


def _best(evidence: Evidence, by: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Return the rows of the best configuration of each group, and the metric it was picked by."""
    rows = evidence.rows
    metric = "val_accuracy" if "val_accuracy" in rows else "test_accuracy"
    if not by or metric not in rows:
        return rows, ""
    keys = keys_of(evidence)
    joined = over_seeds(rows.assign(key=keys), [metric], by=keys)
    best = joined.groupby(list(by), sort=False)[metric].idxmax()
    return rows[keys.isin(joined["key"].loc[best])], metric


def _sampling_error(rows: pd.DataFrame, metric: str | None) -> Any:
    """Return the sampling variance of an accuracy; 0 if it is unknown or there is none.

    Training accuracy has none, because its images are not a sample of others.
    """
    split = (metric or "").partition("_")[0]
    if not metric or not metric.endswith("_accuracy") or split not in ("val", "test"):
        return 0.0
    accuracy = rows[metric].to_numpy(dtype=float)
    num_images = rows.get(f"num_{split}", math.inf)
    return np.nan_to_num(accuracy * (1 - accuracy) / num_images)


@dataclass(frozen=True)
class GrowsFaster:
    """Claims that one quantity grows faster than a power of another.

    The exponent is the slope of a straight line through the logarithms (of at least three sizes),
    with Student's interval, in each group of the other settings. The claim is supported if all
    intervals lie above ``exponent`` and contradicted if one lies below.
    """

    metric: str
    with_: str
    exponent: float = 1.0

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        usable = evidence.with_metric(self.metric).with_metric(self.with_).distinct()
        if usable.rows.empty:
            return not_comparable(f"no rows with {named(self.metric)} and {named(self.with_)}")
        keys = [k for k in (*usable.settings, "source") if k != self.with_ and k in usable.rows]
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
            if problem := conditions_differ(timed, timed):
                return not_comparable(f"times are not comparable: {problem}")
        slopes = [_slope(group[self.with_], group[self.metric], alpha) for group in groups]
        lows, highs = [low for _, low, _ in slopes], [high for _, _, high in slopes]
        word: Word = "supported" if min(lows) > self.exponent else "not distinguishable"
        shown = ", ".join(f"{slope:.2f} [{low:.2f}, {high:.2f}]" for slope, low, high in slopes[:4])
        return Outcome(
            word="contradicted" if min(highs) < self.exponent else word,
            reason=f"{named(self.metric)} grows with {named(self.with_)} to the power of {shown}",
            effect=float(np.mean([slope for slope, _, _ in slopes])),
            low=min(lows),
            high=max(highs),
            unit=EXPONENT,
            bounds="range",
            num_pairs=len(slopes),
            wins=sum(low > self.exponent for low in lows),
        )


def _slope(x: pd.Series[Any], y: pd.Series[Any], alpha: float) -> tuple[float, float, float]:
    from scipy import stats

    fit = stats.linregress(np.log(x.to_numpy(dtype=float)), np.log(y.to_numpy(dtype=float)))
    half = float(stats.t.ppf(1 - alpha / 2, len(x) - 2) * fit.stderr)
    slope = float(fit.slope)
    return slope, slope - half, slope + half
