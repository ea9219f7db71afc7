"""Durations: which may be compared, and how far apart they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.stats.intervals import Interval, median_interval

NUM_WARM_UP = 1
"""Epochs left out at the start: the first one also fills caches and picks algorithms."""


@dataclass(frozen=True)
class TimeRatio:
    """How many times longer A takes than B.

    Attributes:
        ratio: of the medians.
        low, high: percentile bootstrap interval, unknown for fewer than six values in an arm.
        median_a, median_b: seconds.
        interval_a, interval_b: of the medians, from order statistics.
        num_a, num_b: values used.
    """

    ratio: float
    low: float
    high: float
    median_a: float
    median_b: float
    interval_a: Interval
    interval_b: Interval
    num_a: int
    num_b: int


def conditions_differ(first: pd.DataFrame, second: pd.DataFrame) -> str:
    """Say why durations of two sets of rows cannot be compared; empty when they can.

    They can when every row says how it ran and all ran alike: ``exclusive`` true (alone on its
    machine), or the same ``num_concurrent_trials``. What is not recorded is unknown, and unknown
    is not comparable.
    """
    both = pd.concat([first, second])
    exclusive = both["exclusive"] if "exclusive" in both else pd.Series(dtype=object)
    if len(exclusive) and exclusive.isin([True]).all():
        return ""
    if "num_concurrent_trials" not in both:
        return "how many trials ran beside each other is not recorded"
    counts = pd.to_numeric(both["num_concurrent_trials"], errors="coerce")
    if counts.isna().any():
        return f"{int(counts.isna().sum())} rows do not say how many trials ran beside them"
    if counts.nunique() > 1:
        return f"between {counts.min():.0f} and {counts.max():.0f} trials ran beside each other"
    return ""


def epoch_times(epochs: pd.DataFrame, *, num_warm_up: int = NUM_WARM_UP) -> pd.DataFrame:
    """Return the training seconds of each epoch after the warm-up.

    Args:
        epochs: as ``Study.epochs``: ``trial_key``, ``epoch`` and cumulative ``train_seconds``.
        num_warm_up: first epochs of each trial to leave out.

    Returns:
        ``trial_key``, ``epoch`` and ``seconds``; an epoch whose predecessor is not there, or that
        is not after it in time (a resumed trial), is left out.
    """
    ordered = epochs.sort_values(["trial_key", "epoch"])
    by_trial = ordered.groupby("trial_key", sort=False)
    follows = by_trial["epoch"].diff() == 1
    seconds = by_trial["train_seconds"].diff()
    keep = follows & (seconds > 0) & (ordered["epoch"] > num_warm_up)
    return ordered.assign(seconds=seconds).loc[keep, ["trial_key", "epoch", "seconds"]]


def time_ratio(
    seconds_a: ArrayLike, seconds_b: ArrayLike, *, confidence: float = 0.95, seed: int = 0
) -> TimeRatio:
    """Compare two samples of durations (a,) and (b,), such as epochs after the warm-up.

    Ask ``conditions_differ`` first. Medians, because a disturbed epoch is long and never short.
    """
    a, b = np.asarray(seconds_a, dtype=float), np.asarray(seconds_b, dtype=float)
    assert len(a) and len(b) and (a > 0).all() and (b > 0).all()
    interval = Interval(math.nan, math.nan)
    if min(len(a), len(b)) >= 6:
        rng = np.random.default_rng(seed)
        ratios = _medians(a, rng) / _medians(b, rng)
        low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
        interval = Interval(float(low), float(high))
    median_a, median_b = float(np.median(a)), float(np.median(b))
    return TimeRatio(
        median_a / median_b,
        *interval,
        median_a,
        median_b,
        median_interval(a, confidence=confidence),
        median_interval(b, confidence=confidence),
        len(a),
        len(b),
    )


def _medians(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    resamples = values[rng.integers(0, len(values), (9_999, len(values)))]
    medians: NDArray[np.float64] = np.median(resamples, axis=1)
    return medians
