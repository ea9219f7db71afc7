"""Tests of claims that the values of rows lie beyond a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import keys_of
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import SHARE, Outcome, named, not_comparable
from analysis.checks.claims.proportions import above
from analysis.frames.seeds import over_seeds


@dataclass(frozen=True)
class MostRows:
    """Claims that a metric lies beyond a threshold in most rows, or in all.

    Each row is tested for its sampling of test or validation images. The claim is supported if
    enough rows are beyond the threshold, and contradicted if too few can be. The p-values of the
    rows are joined to that of "at least so many rows" (Benjamini & Heller 2008), which holds
    however the rows depend on each other. The verdict is about these runs, not about their
    settings.

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
        unknown = [problem for name in self.best_by if (problem := evidence.lacks(name))]
        if unknown:
            return not_comparable(unknown[0])
        usable = evidence
        for metric in filter(None, (self.metric, self.minus)):
            usable = usable.with_metric(metric)
            if usable.rows.empty:
                return not_comparable(f"no rows with {named(metric)}")
        rows, picked_on, num_candidates = _best(usable.distinct(), self.best_by)
        minus = rows[self.minus].to_numpy(dtype=float) if self.minus else 0.0
        values = rows[self.metric].to_numpy(dtype=float) - minus
        scale = evidence.scale(self.metric)
        threshold = self.above if self.above is not None else self.below or 0.0
        p_yes = _above(rows, self.metric, self.minus, threshold)
        p_no = _above(rows, self.minus, self.metric, -threshold)
        if self.above is None:
            p_yes, p_no = p_no, p_yes
        if picked_on in (self.metric, self.minus):
            p_yes = np.minimum(p_yes * num_candidates, 1.0)
        side = values - threshold if self.above is not None else threshold - values
        num, yes, no = len(values), int((p_yes < alpha / 2).sum()), int((p_no < alpha / 2).sum())
        supports, p_value = share_beyond(p_yes, p_no, self.share)
        unit = scale.difference_unit if self.minus else "%" if scale.in_percent else scale.unit
        amount = partial(_amount, unit=unit, in_percent=scale.in_percent)
        return Outcome(
            word=None,
            reason=f"{self._quantity()} {'above' if self.above is not None else 'below'} "
            f"{amount(threshold, digits='.3g')} in {int((side > 0).sum())} of {num} rows, "
            f"by more than the noise in {yes}, on the other side by more than it in {no}; median "
            f"{amount(float(np.median(values)), digits='.2f')}" + self._flattered(picked_on),
            effect=float((side > 0).mean()),
            low=yes / num,
            high=(num - no) / num,
            unit=SHARE,
            of="rows",
            bounds="range",
            p_value=p_value,
            supports=supports,
            num_pairs=num,
            of_runs=True,
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


def _amount(value: float, *, unit: str, in_percent: bool, digits: str) -> str:
    """Return a value in its unit: ``−1.67 points``, ``1 point``, ``95 %``, ``0.35``."""
    if not in_percent:
        return f"{value:.3g} {unit}".rstrip().replace("-", "−")
    text = f"{100 * value:{digits}}".replace("-", "−")
    return f"{text} {'point' if unit == 'points' and text in ('1', '−1') else unit}"


def share_beyond(
    p_yes: NDArray[np.float64], p_no: NDArray[np.float64], share: float
) -> tuple[bool, float]:
    """Return whether more rows than a share seem to be beyond a threshold, and the p-value.

    Args:
        p_yes: (rows,), the p-values that a row is beyond it.
        p_no: (rows,), the p-values that a row is on the other side.
        share: the share; 1.0 for all rows.
    """
    num = len(p_yes)
    needed = num if share >= 1 else int(share * num) + 1
    supported, contradicted = _at_least(p_yes, needed), _at_least(p_no, num - needed + 1)
    return supported <= contradicted, min(1.0, 2 * min(supported, contradicted))


def _at_least(p_values: NDArray[np.float64], number: int) -> float:
    """Return the p-value that at least so many of the alternatives are true."""
    return float(min(1.0, (len(p_values) - number + 1) * np.sort(p_values)[number - 1]))


def _above(
    rows: pd.DataFrame, metric: str | None, minus: str | None, threshold: float
) -> NDArray[np.float64]:
    """Return for each row the p-value that one metric minus another lies above a threshold."""
    sides = [
        np.zeros(len(rows)) if name is None else rows[name].to_numpy(dtype=float)
        for name in (metric, minus)
    ]
    counts = [_images(rows, name) for name in (metric, minus)]
    columns = (sides[0], counts[0], sides[1], counts[1])
    return np.array([above(*row, threshold) for row in zip(*columns, strict=True)])


def _images(rows: pd.DataFrame, metric: str | None) -> NDArray[np.float64]:
    """Return the images that an accuracy was counted on; infinite if it has no sampling error."""
    split = (metric or "").partition("_")[0]
    if not metric or not metric.endswith("_accuracy") or split not in ("val", "test"):
        return np.full(len(rows), math.inf)
    if f"num_{split}" not in rows:
        return np.full(len(rows), math.inf)
    counts = rows[f"num_{split}"].to_numpy(dtype=float)
    return np.where(counts > 0, counts, math.inf)


def _best(evidence: Evidence, by: Sequence[str]) -> tuple[pd.DataFrame, str, int]:
    """Return the rows of the best configuration of each group, how it was picked, of how many."""
    rows = evidence.rows
    metric = "val_accuracy" if "val_accuracy" in rows else "test_accuracy"
    if not by or metric not in rows:
        return rows, "", 1
    keys = keys_of(evidence)
    joined = over_seeds(rows.assign(key=keys), [metric], by=keys)
    groups = joined.groupby(list(by), sort=False)[metric]
    return rows[keys.isin(joined["key"].loc[groups.idxmax()])], metric, int(groups.size().max())
