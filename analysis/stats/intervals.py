"""Confidence intervals of a proportion, a mean and a median, and replicates."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """A confidence interval; both ends are NaN if it is unknown."""

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)


@functools.lru_cache(maxsize=4096)  # a report needs the same few intervals many times
def wilson_interval(num_correct: float, num_images: float, *, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927).

    Unlike the normal approximation it stays inside [0, 1] and keeps its coverage near 0 and 1,
    where most accuracies lie (Brown, Cai & DasGupta 2001). It covers the sampling of the test
    images only, not the noise of training. ``num_correct`` may be fractional, for ties that count
    half. The interval is unknown if the numbers are not a proportion.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not (0 <= num_correct <= num_images and 0 < num_images < math.inf):
        return UNKNOWN
    low, high = proportion_confint(num_correct, num_images, alpha=1 - confidence, method="wilson")
    # If none or all are correct an end is exactly 0 or 1, which rounding would miss.
    at_ends = num_correct == 0, num_correct == num_images
    return Interval(0.0 if at_ends[0] else float(low), 1.0 if at_ends[1] else float(high))


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean of ``values`` (n,); unknown for fewer than two."""
    from scipy import special

    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return UNKNOWN
    half = special.stdtrit(len(sample) - 1, (1 + confidence) / 2) * sample.std(ddof=1)
    half /= math.sqrt(len(sample))
    return Interval(float(sample.mean() - half), float(sample.mean() + half))


def median_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return an interval of the median whose ends are two of the ``values`` (n,).

    It is based on order statistics, assumes nothing about the distribution (Conover 1999) and
    covers at least ``confidence``. For 95 % it needs six values; with fewer it is unknown.
    """
    from scipy import stats

    sample = np.asarray(values, dtype=float)
    if len(sample) == 0:
        return UNKNOWN
    test = stats.quantile_test(sample, p=0.5)
    found = test.confidence_interval(confidence_level=confidence)
    return Interval(float(found.low), float(found.high)) if np.isfinite(found).all() else UNKNOWN


def replicates(rows: pd.DataFrame, metric: str, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the mean and the spread of a metric over the seeds of each configuration.

    Args:
        rows: as ``Study.rows``: ``config_id``, ``seed`` and the metric; rows whose metric is
            missing or infinite are left out.
        metric: the column to summarise.
        confidence: of Student's interval of the mean over seeds.

    Returns:
        One line per configuration, in the order of the rows: ``config_id``, ``num_seeds``,
        ``mean``, ``sd``, ``low``, ``high``; the last three are NaN with one seed.
    """
    columns = ["config_id", "num_seeds", "mean", "sd", "low", "high"]
    finite = np.isfinite(pd.to_numeric(rows[metric], errors="coerce"))
    records: list[dict[str, Any]] = []
    for config_id, group in rows[finite].groupby("config_id", sort=False):
        values = group[metric].to_numpy(dtype=float)
        low, high = mean_interval(values, confidence=confidence)
        sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
        record = (config_id, group["seed"].nunique(), float(values.mean()), sd, low, high)
        records.append(dict(zip(columns, record, strict=True)))
    return pd.DataFrame(records, columns=columns)
