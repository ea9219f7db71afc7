"""The noise of a run, estimated from a factor that changes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import numbers
from analysis.frames.pairing import side_by_side
from search_spaces.errors import UserError, choices


def noise_floor(rows: pd.DataFrame, placebo: str, response: str, settings: Sequence[str]) -> float:
    """Return the standard deviation of one run, from rows that differ only in the placebo.

    It is taken from the median absolute difference of the pairs, whose expected difference is zero.
    A few failed trainings hardly change it.

    Args:
        rows: one line per result: the placebo (two levels), the settings, the response, and
            ``same_as`` where results may be shared.
        placebo: such as ``pin_memory``.
        response: such as ``test_accuracy``.
        settings: the columns that must agree within a pair; ``seed`` is always one, because means
            over seeds have less noise than a run. Rows that agree in all of them and in the placebo
            are left out.

    Raises:
        UserError: the placebo does not have two levels, there are no pairs, or a pair shares one
            result, which shows no noise.
    """
    from scipy import special

    differences = _differences(rows, placebo, response, settings)
    return float(np.median(np.abs(differences)) / special.ndtri(0.75) / math.sqrt(2))


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
