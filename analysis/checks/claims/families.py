"""Tests of claims that the best of one group beats the best of another: SVMs against ResNets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import (
    OF_SEEDS,
    RUN_DF,
    RUN_VARIANCE,
    best_of,
    configurations_of,
    judged_by,
    no_share,
    same_size,
)
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.images import saved_images
from analysis.checks.claims.origin import NUM_TEST, NUM_TRAIN, TEST_SET
from analysis.checks.claims.outcome import POINTS, Outcome, named, not_comparable, printed
from analysis.checks.claims.proportions import two_accuracies
from analysis.stats import McNemar, mcnemar


@dataclass(frozen=True)
class BestOf:
    """Claims that the best of one group is more accurate than the best of another.

    The two best (picked as in the report, on validation if there is such a column) are compared
    within each value of ``by``, and the claim must hold in all of them. If both picks are single
    trained models that saved their predictions for the same images, McNemar's exact test compares
    them image by image. Otherwise their numbers of correct test images are compared, together with
    the noise of training if several seeds or a placebo show it. Only several seeds tell two
    settings apart: without them the verdict is about the two trained models. With one seed and no
    placebo the noise of training is unknown and left out; the reason says so.

    Attributes:
        factor: such as ``family`` (``resnet``, ``svm``) or ``dataset``.
        higher, than: two of its values.
        by: settings within which to compare.
    """

    factor: str
    higher: Any
    than: Any
    by: str | tuple[str, ...] = ("dataset",)

    def __post_init__(self) -> None:
        if isinstance(self.by, str):
            object.__setattr__(self, "by", (self.by,))

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        metric, _ = judged_by(evidence)
        usable = evidence.with_metric("test_accuracy").with_metric(metric)
        if unknown := evidence.lacks(self.factor, *self.by):
            return not_comparable(unknown)
        if usable.rows.empty:
            return not_comparable(f"no rows with {named(metric)} and test accuracy")
        if problem := no_share(usable, metric, "test_accuracy"):
            return not_comparable(problem)
        rows = configurations_of(usable, metric, placebo="pin_memory")
        groups = list(rows.groupby(list(self.by), sort=False)) if self.by else [("", rows)]
        effects, p_values, shown, of_settings = [], [], [], []
        for name, group in groups:
            sides = [group[group[self.factor].isin([v])] for v in (self.higher, self.than)]
            if any(side.empty for side in sides):
                continue
            sides = same_size(*sides)
            if problem := _unequal(pd.concat(sides), self.factor):
                return not_comparable(problem)
            first, second = (best_of(side, metric) for side in sides)
            p_value, note = _compare(first, second)
            effects.append(float(first["test_accuracy"] - second["test_accuracy"]))
            p_values.append(p_value)
            of_settings.append(bool(first[OF_SEEDS] and second[OF_SEEDS]))
            label = printed(name[0] if isinstance(name, tuple) else name)
            shown.append(
                f"{label}: {100 * first['test_accuracy']:.2f} % against "
                f"{100 * second['test_accuracy']:.2f} %{note}".removeprefix(": ")
            )
        if not effects:
            return not_comparable(
                f"no rows with both {printed(self.higher)} and {printed(self.than)}"
            )
        trained = " and of training" if (rows[RUN_VARIANCE] > 0).any() else " only"
        reason = f"picked on {named(metric)}; {', '.join(shown)}; noise of test images{trained}"
        outcome = _all_groups(np.array(effects), np.array(p_values), reason)
        return replace(outcome, of_runs=not all(of_settings))


def _all_groups(
    effects: NDArray[np.float64], p_values: NDArray[np.float64], reason: str
) -> Outcome:
    """Combine groups: the claim must hold in all of them, and one reversed group refutes it."""
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
        bounds="range",
        p_value=p_value,
        supports=supports,
        num_pairs=len(effects),
        wins=int((effects > 0).sum()),
    )


def _compare(first: pd.Series[Any], second: pd.Series[Any]) -> tuple[float, str]:
    """Return the p-value that two picks are equally accurate, and a note on its test."""
    paired = _image_by_image(first, second)
    if paired is not None:
        note = f" (only one right: {paired.only_first} and {paired.only_second} images, McNemar)"
        return paired.p_value, note
    second_accuracy = np.array([second["test_accuracy"]], dtype=float)
    num_second = np.array([second[NUM_TEST]], dtype=float)
    p_value = two_accuracies(
        float(first["test_accuracy"]),
        float(first[NUM_TEST]),
        second_accuracy,
        num_second,
        run_variance=float(first[RUN_VARIANCE] + second[RUN_VARIANCE]),
        run_df=float(min(first[RUN_DF], second[RUN_DF])),
    )[0]
    return float(p_value), ""


def _image_by_image(first: pd.Series[Any], second: pd.Series[Any]) -> McNemar | None:
    """Return McNemar's test of two trained models; None if it is impossible or not sufficient.

    The test covers the sampling of test images only. It is not sufficient if the noise of training
    is known, from several seeds or from a placebo.
    """
    picks = (first, second)
    if any(pick["num_seeds"] > 1 or pick[RUN_VARIANCE] > 0 for pick in picks):
        return None
    if not first.get(TEST_SET) or first[TEST_SET] != second.get(TEST_SET):
        return None
    one, two = (saved_images(pick.to_dict()) for pick in picks)
    if one is None or two is None or not np.array_equal(one.labels, two.labels):
        return None
    return mcnemar(one.right, two.right)


def _unequal(rows: pd.DataFrame, factor: str) -> str:
    """Say why the accuracies of two groups are not comparable; empty if they are."""
    for column, what in ((NUM_TEST, "tested"), (NUM_TRAIN, "trained")):
        sizes = rows.groupby(factor)[column].agg(["min", "max"])
        if sizes.isna().any(axis=None):
            return f"the number of images {what} on is unknown"
        if factor == "dataset":
            continue
        if not math.isclose(sizes["min"].min(), sizes["max"].max()):
            counts = ", ".join(
                f"{printed(name)} on {low:,.0f}" + (f" to {high:,.0f}" if high > low else "")
                for name, low, high in sizes.itertuples()
            )
            return f"{what} on different numbers of images: {counts}"
    return ""
