"""Tests of claims that the values of rows lie beyond a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import NUM_ROWS, best_of, keys_of
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.origin import num_of
from analysis.checks.claims.outcome import SHARE, Outcome, Word, above_all, named, not_comparable
from analysis.checks.claims.proportions import above
from analysis.frames.cells import counted
from analysis.frames.columns import numbers
from analysis.frames.seeds import over_seeds
from search_spaces.errors import UserError


@dataclass(frozen=True)
class MostRows:
    """Claims that a metric lies beyond a threshold in most rows, or in all.

    Each row is tested for its sampling of test or validation images. The claim is supported if
    enough rows are beyond the threshold, and contradicted if too few can be. The p-values of the
    rows are joined to that of "at least so many rows" (Benjamini & Heller 2008), which holds
    however the rows depend on each other. Where the number of images is unknown, or the metric
    counts none, such as an error in mm, the noise of a row is unknown: then the numbers themselves
    decide, without a p-value. The verdict is about these runs, not about their settings.

    Attributes:
        metric: what is compared with the threshold.
        above, below: the threshold; give one.
        minus: a metric to subtract first, as for the gap between training and validation.
        share: the share of rows that must be exceeded; with 1.0 all rows must count.
        best_by: judge only the best configuration of each group of these settings, picked as in
            the report by the mean of its seeds in the objective of the study; empty for all rows.
    """

    metric: str
    above: float | None = None
    below: float | None = None
    minus: str | None = None
    share: float = 0.5
    best_by: str | tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise UserError("MostRows: give above or below, such as above=0.98")
        if not 0 < self.share <= 1:
            raise UserError(f"MostRows: share={self.share!r} is not above 0 and at most 1")
        if isinstance(self.best_by, str):
            object.__setattr__(self, "best_by", (self.best_by,))

    @property
    def is_absolute(self) -> bool:
        """Whether the claim needs as many training images and epochs as its source had.

        Accuracies and overfitting depend on them. The gap between validation and test does
        not, because training sees neither of them.
        """
        return self.metric.endswith("_accuracy") and (
            self.minus is None or "train_accuracy" in (self.metric, self.minus)
        )

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        if unknown := evidence.lacks(*self.best_by):
            return not_comparable(unknown)
        usable = evidence
        for metric in filter(None, (self.metric, self.minus)):
            usable = usable.with_metric(metric)
            if usable.rows.empty:
                return not_comparable(f"no rows with {named(metric)}")
        name = "below" if self.above is None else "above"
        if problem := above_all(name, self._threshold, evidence.scale(self.metric)):
            return not_comparable(problem)
        picked_on = _picked_on(usable) if self.best_by else ""
        if picked_on is None:
            return not_comparable("no measure to pick the best configuration by")
        rows, num_candidates = _best(usable, self.best_by, picked_on)
        one, other = (_side(evidence, rows, name) for name in (self.metric, self.minus))
        values = one.values - other.values
        beyond = values > self._threshold if self.above is not None else values < self._threshold
        outcome = Outcome(
            word=self._by_numbers(beyond),
            reason="",
            effect=float(beyond.mean()),
            unit=SHARE,
            of="rows",
            bounds="range",
            num_pairs=len(rows),
            of_runs=True,
            wins=int(beyond.sum()),
        )
        noise, why = "", "; no p-value, because the noise of a row is unknown"
        if _is_noise_known(one, other):
            candidates = num_candidates if picked_on in (self.metric, self.minus) else 1
            outcome, noise = self._tested(outcome, one, other, alpha, candidates)
            why = ""
        words = self._words(evidence, values, outcome.wins, noise)
        return replace(outcome, reason=words + self._flattered(picked_on) + why)

    @property
    def _threshold(self) -> float:
        return self.above if self.above is not None else self.below or 0.0

    def _by_numbers(self, beyond: NDArray[np.bool_]) -> Word:
        needed = _needed(len(beyond), self.share)
        return "supported" if int(beyond.sum()) >= needed else "contradicted"

    def _tested(
        self, outcome: Outcome, one: _Side, other: _Side, alpha: float, candidates: int
    ) -> tuple[Outcome, str]:
        """Return the outcome with its p-value, and a clause on the rows that are beyond noise."""
        p_yes = _above(one, other, self._threshold)
        p_no = _above(other, one, -self._threshold)
        if self.above is None:
            p_yes, p_no = p_no, p_yes
        p_yes = np.minimum(p_yes * candidates, 1.0)
        num, yes, no = len(p_yes), int((p_yes < alpha / 2).sum()), int((p_no < alpha / 2).sum())
        supports, p_value = share_beyond(p_yes, p_no, self.share)
        low, high = yes / num, (num - no) / num
        noise = f", by more than the noise in {yes}, on the other side by more than it in {no}"
        tested = replace(outcome, word=None, low=low, high=high)
        return replace(tested, p_value=p_value, supports=supports), noise

    def _words(self, evidence: Evidence, values: NDArray[np.float64], wins: int, noise: str) -> str:
        scale = evidence.scale(self.metric)
        unit = scale.difference_unit if self.minus else "%" if scale.in_percent else scale.unit
        amount = partial(_amount, unit=unit, in_percent=scale.in_percent)
        quantity = named(self.metric) + (f" − {named(self.minus)}" if self.minus else "")
        where = f"{'above' if self.above is not None else 'below'} "
        where += amount(self._threshold, digits=".3g")
        median = amount(float(np.median(values)), digits=".2f")
        rows = counted(len(values), "row")
        return f"{quantity} {where} in {wins} of {rows}{noise}; median {median}"

    def _flattered(self, picked_on: str) -> str:
        """Say which metric rows were picked by, and that the largest of several is too high."""
        if picked_on not in (self.metric, self.minus):
            return f"; picked on {named(picked_on)}" if picked_on else ""
        return f"; picked on {named(picked_on)}, of which the largest of several is too high"


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
    needed = _needed(num, share)
    supported, contradicted = _at_least(p_yes, needed), _at_least(p_no, num - needed + 1)
    return supported <= contradicted, min(1.0, 2 * min(supported, contradicted))


def _needed(num: int, share: float) -> int:
    """Return how many of some rows are more than a share of them; all of them if it is 1."""
    return num if share >= 1 else int(share * num) + 1


def _at_least(p_values: NDArray[np.float64], number: int) -> float:
    """Return the p-value that at least so many of the alternatives are true."""
    return float(min(1.0, (len(p_values) - number + 1) * np.sort(p_values)[number - 1]))


class _Side(NamedTuple):
    """The values of a metric, (rows,), and the images that they were counted on.

    The number of images is infinite where a value has no sampling error, and NaN where its noise is
    unknown.
    """

    values: NDArray[np.float64]
    images: NDArray[np.float64]


def _side(evidence: Evidence, rows: pd.DataFrame, metric: str | None) -> _Side:
    """Return a metric of some rows; zero without one."""
    if metric is None:
        return _Side(np.zeros(len(rows)), np.full(len(rows), math.inf))
    values = rows[metric].to_numpy(dtype=float)
    known = evidence.measures
    count = known.declared[metric].count if metric in known.declared else None
    # What is no share was not counted, so nothing is known of its sampling error.
    if not known.is_counted(metric) or not evidence.scale(metric).in_percent:
        return _Side(values, np.full(len(rows), math.nan))
    if known.split(metric) == "train":
        return _Side(values, np.full(len(rows), math.inf))
    images = numbers(rows, count or num_of(known.split(metric))).to_numpy()
    return _Side(values, np.where(images > 0, images, math.nan))


def _is_noise_known(one: _Side, other: _Side) -> bool:
    images = np.stack([one.images, other.images])
    return bool(np.isfinite(images).any(axis=0).all() and not np.isnan(images).any())


def _above(one: _Side, other: _Side, threshold: float) -> NDArray[np.float64]:
    """Return for each row the p-value that one metric minus another lies above a threshold."""
    columns = zip(one.values, one.images, other.values, other.images, strict=True)
    return np.array([above(*row, threshold) for row in columns])


def _picked_on(evidence: Evidence) -> str | None:
    """Return the measure by which configurations are picked; None if there is none."""
    names = (evidence.measures.metric, "val_accuracy", "test_accuracy")
    return next((name for name in names if not evidence.with_metric(name).rows.empty), None)


def _best(evidence: Evidence, by: Sequence[str], metric: str) -> tuple[pd.DataFrame, int]:
    """Return the rows of the best configuration of each group, and of how many it is the best."""
    rows = evidence.distinct().rows
    if not by:
        return rows, 1
    keys = keys_of(evidence)
    joined = over_seeds(evidence.rows.assign(key=keys), [metric], by=keys).dropna(subset=[metric])
    joined[NUM_ROWS] = joined["num_seeds"]
    groups = joined.groupby(list(by), sort=False)
    mode = evidence.measures.better(metric) or "max"
    best = [best_of(group, metric, mode)["key"] for _, group in groups]
    return rows[keys[rows.index].isin(best)], int(groups.size().max())
