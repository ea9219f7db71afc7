"""Tests of claims that the best of one group beats the best of another: SVMs against ResNets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.claims.configurations import judged_by, over_seeds, same_size
from analysis.claims.evidence import Evidence
from analysis.claims.outcome import POINTS, Outcome, not_comparable, printed
from analysis.claims.proportions import two_accuracies


@dataclass(frozen=True)
class BestOf:
    """Claims that the best of one group is more accurate than the best of another.

    The two picks (on validation where there is such a column) are compared by their counts of
    correct test images, within each value of ``by``; the claim needs all of them. With one seed and
    no placebo the noise of training is not known and left out, which the reason says.

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
        metric, _ = judged_by(evidence)
        usable = evidence.with_metric("test_accuracy").with_metric(metric)
        unknown = [problem for n in (self.factor, *self.by) if (problem := evidence.lacks(n))]
        if unknown:
            return not_comparable(unknown[0])
        if usable.rows.empty:
            return not_comparable(f"no rows with {metric} and test_accuracy")
        rows = over_seeds(usable, metric, placebo="pin_memory")
        groups = list(rows.groupby(list(self.by), sort=False)) if self.by else [("", rows)]
        effects, p_values, shown = [], [], []
        for name, group in groups:
            sides = [group[group[self.factor].isin([v])] for v in (self.higher, self.than)]
            if any(side.empty for side in sides):
                continue
            sides = same_size(*sides)
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
        trained = " and of training" if (rows["run_variance"] > 0).any() else " only"
        reason = f"picked on {metric}; {', '.join(shown)}; noise of test images{trained}"
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
        float(first["test_accuracy"]),
        float(first["num_test"]),
        second_accuracy,
        num_second,
        float(first["run_variance"] + second["run_variance"]),
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
