"""Confidence intervals of one proportion, mean, median or mean difference, and of replicates."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

NUM_RESAMPLES = 9_999
"""Bootstrap resamples: the ends of a 95 % interval then have a relative error of about 1 %."""


class Interval(NamedTuple):
    """A confidence interval; both ends NaN where the data allow none."""

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)


@functools.lru_cache(maxsize=4096)  # a report asks for the same few counts again and again
def wilson_interval(num_correct: float, num_images: float, *, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927).

    Unlike the normal approximation it stays inside [0, 1] and keeps its coverage near 0 and 1,
    where accuracies live (Brown, Cai & DasGupta 2001). It knows the sampling of the test images
    only, not that another training run would give another model. ``num_correct`` may hold halves,
    for ties that count half. It is unknown for what is no proportion, as of a user's percentage.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not (0 <= num_correct <= num_images and 0 < num_images < math.inf):
        return UNKNOWN
    low, high = proportion_confint(num_correct, num_images, alpha=1 - confidence, method="wilson")
    # With none or all correct an end is that of the range, which rounding would miss.
    at_ends = num_correct == 0, num_correct == num_images
    return Interval(0.0 if at_ends[0] else float(low), 1.0 if at_ends[1] else float(high))


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean of ``values`` (n,); unknown for fewer than two."""
    from scipy import stats

    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return UNKNOWN
    half = stats.t.ppf((1 + confidence) / 2, len(sample) - 1) * sample.std(ddof=1)
    half /= math.sqrt(len(sample))
    return Interval(float(sample.mean() - half), float(sample.mean() + half))


def median_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return the interval of the median between two of the ``values`` (n,), from order statistics.

    It assumes nothing about the distribution (Conover 1999) and covers at least
    ``confidence``. Fewer than six values have no pair of order statistics wide enough for 95 %:
    then an end is infinite and the interval unknown.
    """
    from scipy import stats

    sample = np.asarray(values, dtype=float)
    if len(sample) == 0:
        return UNKNOWN
    test = stats.quantile_test(sample, p=0.5)
    found = test.confidence_interval(confidence_level=confidence)
    return Interval(float(found.low), float(found.high)) if np.isfinite(found).all() else UNKNOWN


def bca_interval(differences: ArrayLike, *, confidence: float = 0.95, seed: int = 0) -> Interval:
    """Return the bias-corrected and accelerated bootstrap interval of a mean (Efron 1987).

    Args:
        differences: (n,), one value per independent pair.
        confidence: its nominal coverage. With normal differences the real one is about 0.86 at
            n = 6, 0.90 at 10, 0.92 at 20 and 0.94 at 64: with few pairs it is a sketch, and the
            sign-flip test decides.
        seed: of the resampling.

    Returns:
        Unknown for fewer than two values. Equal values give an interval without width: the
        resamples cannot show a spread that the sample does not have.
    """
    from scipy import stats

    sample = np.asarray(differences, dtype=float)
    if len(sample) < 2:
        return UNKNOWN
    if np.ptp(sample) <= 1e-12 * max(1.0, float(np.abs(sample).max())):
        return Interval(float(sample.mean()), float(sample.mean()))
    found = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=NUM_RESAMPLES,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def replicates(rows: pd.DataFrame, metric: str, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return one line per configuration: how its seeds agree on a metric.

    Args:
        rows: as ``Study.rows``: ``config_id``, ``seed`` and the metric; rows whose metric is
            missing or infinite are left out.
        metric: the column to summarise.
        confidence: of Student's interval of the mean over seeds.

    Returns:
        ``config_id``, ``num_seeds``, ``mean``, ``sd``, ``low``, ``high`` in the rows' first order;
        the last three are NaN where there is one seed.
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
