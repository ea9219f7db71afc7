"""The noise of a run, estimated from a factor that changes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import numbers
from analysis.frames.pairing import side_by_side
from analysis.stats.units import too_few_units
from search_spaces.errors import UserError, choices


@dataclass(frozen=True)
class NoiseFloor:
    """The noise of one run of a training.

    Attributes:
        sd: standard deviation of one run, in the unit of the response: that of the pairs'
            differences over √2.
        robust_sd: the same from the median absolute difference, which a few failed trainings hardly
            change; the uncertainty of an ordinary run.
        sd_low, sd_high: χ² interval of ``sd``, under the assumption of normal differences; NaN
            with fewer than six pairs.
        num_pairs: the number of pairs used.
    """

    sd: float
    robust_sd: float
    sd_low: float
    sd_high: float
    num_pairs: int


def noise_floor(
    rows: pd.DataFrame,
    placebo: str,
    response: str,
    settings: Sequence[str],
    *,
    confidence: float = 0.95,
) -> NoiseFloor:
    """Estimate the noise of one run from rows that differ only in the placebo.

    The standard deviation is taken about zero, with one degree of freedom per pair, because the
    expected difference of a placebo is zero.

    Args:
        rows: one line per result: the placebo (two levels), the settings, the response, and
            ``same_as`` where results may be shared.
        placebo: such as ``pin_memory``.
        response: such as ``test_accuracy``.
        settings: the columns that must agree within a pair; ``seed`` is always one, because means
            over seeds have less noise than a run. Rows that agree in all of them and in the placebo
            are left out.
        confidence: of the intervals.

    Raises:
        UserError: the placebo does not have two levels, there are no pairs, or a pair shares one
            result, which shows no noise.
    """
    return noise_of(_differences(rows, placebo, response, settings), confidence=confidence)


def noise_of(differences: NDArray[np.float64], *, confidence: float = 0.95) -> NoiseFloor:
    """Estimate the noise of one run from the differences of a placebo's pairs, (pairs,)."""
    from scipy import special

    num_pairs = len(differences)
    squares = float(np.square(differences).sum())
    tail = (1 - confidence) / 2
    sd_low, sd_high = (
        math.nan
        if too_few_units(num_pairs, 1 - confidence)
        else math.sqrt(squares / special.chdtri(num_pairs, p) / 2)
        for p in (tail, 1 - tail)
    )
    return NoiseFloor(
        sd=math.sqrt(squares / num_pairs / 2),
        robust_sd=float(np.median(np.abs(differences)) / special.ndtri(0.75) / math.sqrt(2)),
        sd_low=sd_low,
        sd_high=sd_high,
        num_pairs=num_pairs,
    )


def _differences(
    rows: pd.DataFrame, placebo: str, response: str, settings: Sequence[str]
) -> NDArray[np.float64]:
    """Return the difference of each pair of rows that differ only in the placebo, (pairs,)."""
    missing = [name for name in (placebo, response, *settings) if name not in rows]
    if missing:
        raise UserError(f"noise: no column {missing[0]!r}; allowed: {choices(rows.columns)}")
    levels = list(rows[placebo].dropna().unique())
    if len(levels) != 2:
        raise UserError(f"noise: {placebo} has {len(levels)} levels; a placebo needs two")
    if "same_as" in rows and (rows["same_as"].fillna("") != "").any():
        raise UserError(
            f"noise: rows that differ in {placebo} share one result, which shows no noise; run the "
            "study with --no-sharing, or with several seeds"
        )
    rows = rows.reset_index(drop=True)
    pairs = side_by_side(rows, placebo, levels, [*settings, *{"seed"}.intersection(rows)])
    first, second = (numbers(rows.loc[pairs[side]], response).to_numpy() for side in (0, 1))
    differences: NDArray[np.float64] = (second - first)[np.isfinite(second - first)]
    if not len(differences):
        raise UserError(
            f"noise: no two rows differ only in {placebo}; name in settings every column that "
            "rows differ in"
        )
    return differences
