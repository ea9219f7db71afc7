"""Tests of claims about the best: which configuration it is, and which family it belongs to.

The best of many noisy results is surrounded by others that could as well have come out on top. A
claim about it is judged on all configurations that cannot be told apart from the one picked, on
validation where there is such a column.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.claims.evidence import Evidence
from analysis.claims.outcome import POINTS, SHARE, Outcome, Word, not_comparable, printed, size
from analysis.stats import holm, noise_floor
from search_spaces.errors import UserError


@dataclass(frozen=True)
class BestHas:
    """Claims that the best configuration has certain values.

    Supported when every configuration tied with the best has them, contradicted when none has.
    Tied means that a two-sided test of the two accuracies, Holm over the configurations, does not
    tell them apart; its variance is that of both counts of images and, where a placebo shows it,
    that of both training runs.

    Attributes:
        has: setting -> value.
        placebo: a factor that does nothing, to read the noise of a run from.
    """

    has: Mapping[str, Any] = field(hash=False)
    placebo: str = "pin_memory"

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        metric, images = _judged_by(evidence)
        with_metric = evidence.with_metric(metric)
        usable = with_metric.distinct()
        if usable.rows.empty or usable.rows[images].isna().any():
            return not_comparable(f"no rows with {metric} and a known number of images")
        fitting = with_metric.where(self.has).rows["result"]
        if fitting.empty:
            wanted = ", ".join(f"{name} {printed(value)}" for name, value in self.has.items())
            return not_comparable(f"no row has {wanted}")
        noise = _run_noise(usable, self.placebo, metric)
        rows = usable.rows.reset_index(drop=True)
        tied = _tied_with_best(rows, metric, images, noise, alpha)
        fits = rows["result"].isin(fitting).to_numpy()
        num_tied, num_fit = int(tied.sum()), int((tied & fits).sum())
        word: Word = "not distinguishable"
        if num_fit in (0, num_tied):
            word = "contradicted" if num_fit == 0 else "supported"
        best = int(np.argmax(rows[metric].to_numpy(dtype=float)))
        top = float(rows[metric].iloc[best])
        named = [k for k in dict.fromkeys((*self.has, "batch_size", "lr")) if k in rows]
        shown = ", ".join(f"{name} {printed(rows.loc[best, name])}" for name in named)
        spread = f"noise of a run {size(noise[best])}" if noise[best] else "noise of runs not known"
        return Outcome(
            word=word,
            reason=f"highest {metric} {100 * top:.2f} % ({shown}); {num_tied} of {len(rows)} rows "
            f"are tied with it, {num_fit} of these as claimed; {spread}",
            effect=num_fit / num_tied,
            unit=SHARE,
            num_pairs=len(rows),
            wins=num_fit,
        )


def _judged_by(evidence: Evidence) -> tuple[str, str]:
    """Return the metric that ranks and the column with its number of images."""
    rows = evidence.rows
    if "val_accuracy" in rows and "num_val" in rows and rows["val_accuracy"].notna().all():
        return "val_accuracy", "num_val"
    return "test_accuracy", "num_test"


def _run_noise(evidence: Evidence, placebo: str, metric: str) -> NDArray[np.float64]:
    """Return the standard deviation of one training run for each row, 0 where none shows it.

    It is read off the placebo among the rows of the same data set and number of epochs, on which
    it depends most, and robustly: one failed training must not make every run a tie.
    """
    rows = evidence.rows.reset_index(drop=True)
    settings = [n for n in (*evidence.settings, "seed") if n in rows and n != placebo]
    rows[settings] = rows[settings].map(str)
    groups = [name for name in ("dataset", "epochs") if name in settings]
    noise = np.zeros(len(rows))
    for _, group in rows.groupby(groups) if groups else [("", rows)]:
        # Without a placebo, or with one that shares its trials, there is nothing to read.
        with contextlib.suppress(UserError):
            noise[group.index] = noise_floor(group, placebo, metric, settings).robust_sd
    return noise


def _tied_with_best(
    rows: pd.DataFrame, metric: str, images: str, noise: NDArray[np.float64], alpha: float
) -> NDArray[np.bool_]:
    accuracy = rows[metric].to_numpy(dtype=float)
    num_images = rows[images].to_numpy(dtype=float)
    best = int(np.argmax(accuracy))
    others = np.delete(np.arange(len(rows)), best)
    runs = noise[best] ** 2 + noise[others] ** 2
    p_values = two_accuracies(
        accuracy[best], num_images[best], accuracy[others], num_images[others], runs
    )
    tied = np.ones(len(rows), dtype=bool)
    tied[others] = holm(p_values) >= alpha
    return tied


def two_accuracies(
    first: float,
    num_first: float,
    second: NDArray[np.float64],
    num_second: NDArray[np.float64],
    run_variance: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Return two-sided p-values that one accuracy equals each of others.

    The score test of two independent proportions (pooled), with the variance that two training
    runs add to their difference. On the same images the counts are positively correlated, which
    the test ignores: its p-values are too large rather than too small.
    """
    from scipy import stats

    pooled = (first * num_first + second * num_second) / (num_first + num_second)
    variance = pooled * (1 - pooled) * (1 / num_first + 1 / num_second) + run_variance
    difference = np.abs(first - second)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
    p_values: NDArray[np.float64] = 2 * stats.norm.sf(z)
    return p_values


@dataclass(frozen=True)
class BestOf:
    """Claims that the best of one group is more accurate than the best of another.

    The two picks (on validation where there is such a column) are compared by their counts of
    correct test images, within each value of ``by``; the claim needs all of them. This knows the
    sampling of test images only: it is meant for models whose training hardly varies, or for
    differences far above its noise, which the reason states.

    Attributes:
        factor: such as ``family`` (``resnet``, ``svm``) or ``dataset``.
        higher, than: two of its values.
        by: settings within which to compare.
    """

    factor: str
    higher: Any
    than: Any
    by: tuple[str, ...] = ("dataset",)

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        metric, _ = _judged_by(evidence)
        rows = evidence.with_metric("test_accuracy").distinct().with_metric(metric).rows
        unknown = [problem for n in (self.factor, *self.by) if (problem := evidence.lacks(n))]
        if unknown:
            return not_comparable(unknown[0])
        groups = list(rows.groupby(list(self.by), sort=False)) if self.by else [("", rows)]
        effects, p_values, shown = [], [], []
        for name, group in groups:
            sides = [group[group[self.factor].isin([v])] for v in (self.higher, self.than)]
            if any(side.empty for side in sides):
                continue
            problem = _unequal(pd.concat(sides), self.factor)
            if problem:
                return not_comparable(problem)
            first, second = (side.iloc[int(np.argmax(side[metric]))] for side in sides)
            effect, p_value = _compare(first, second)
            effects.append(effect)
            p_values.append(p_value)
            label = printed(name[0] if isinstance(name, tuple) else name)
            shown.append(
                f"{label}: {100 * first['test_accuracy']:.2f} % against "
                f"{100 * second['test_accuracy']:.2f} %".removeprefix(": ")
            )
        if not effects:
            return not_comparable(
                f"no rows with both {printed(self.higher)} and {printed(self.than)}"
            )
        reason = f"picked on {metric}; {', '.join(shown)}; noise of test images only"
        return _all_groups(np.array(effects), np.array(p_values), reason)


def _all_groups(
    effects: NDArray[np.float64], p_values: NDArray[np.float64], reason: str
) -> Outcome:
    """Combine groups: the claim needs all of them, and one that is reversed refutes it."""
    supports = bool((effects > 0).all())
    reversed_ = p_values[effects <= 0]
    p_value = float(p_values.max() if supports else min(1.0, reversed_.min() * len(p_values)))
    return Outcome(
        word=None,
        reason=reason,
        effect=float(effects.mean()),
        low=float(effects.min()),
        high=float(effects.max()),
        unit=POINTS,
        p_value=p_value,
        supports=supports,
        num_pairs=len(effects),
        wins=int((effects > 0).sum()),
    )


def _compare(first: pd.Series[Any], second: pd.Series[Any]) -> tuple[float, float]:
    second_accuracy = np.array([second["test_accuracy"]], dtype=float)
    num_second = np.array([second["num_test"]], dtype=float)
    p_value = two_accuracies(
        float(first["test_accuracy"]), float(first["num_test"]), second_accuracy, num_second
    )[0]
    return float(first["test_accuracy"] - second["test_accuracy"]), float(p_value)


def _unequal(rows: pd.DataFrame, factor: str) -> str:
    """Say why accuracies of two groups are not measured alike; empty when they are."""
    for column, what in (("num_test", "tested"), ("num_train", "trained")):
        sizes = rows.groupby(factor)[column].agg(["min", "max"])
        if sizes.isna().any(axis=None):
            return f"the number of images {what} on is not known"
        if factor == "dataset":
            continue
        if not math.isclose(sizes["min"].min(), sizes["max"].max()):
            counts = ", ".join(
                f"{printed(name)} on {low:,.0f}" + (f" to {high:,.0f}" if high > low else "")
                for name, low, high in sizes.itertuples()
            )
            return f"{what} on different numbers of images: {counts}"
    return ""
