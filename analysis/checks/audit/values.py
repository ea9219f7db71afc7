"""Turn the numbers of a column into fractions, seconds and counts, with their last digits."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.cells import MULTIPLES, SECONDS, Number
from analysis.checks.audit.column import Column
from tune_app.study.measures import is_share

Floats = NDArray[np.float64]
_UNITS = ("microseconds", "milliseconds", "seconds", "minutes", "hours", "days")


class Values(NamedTuple):
    """A column's values, their last printed digits, and how they were read."""

    values: Floats
    digits: Floats
    how: str


def values_of(column: Column, percent: bool | None) -> Values:
    """Return the values of a measured column, (rows,).

    Args:
        column: its cells.
        percent: whether shares are percentages; None to decide by signs, heading and numbers.
    """
    if is_share(column.name):
        return _shares(column, percent)
    units = {**SECONDS} if column.name.endswith("_seconds") else {**MULTIPLES}
    usual = column.meaning.scale or 1.0
    scales = np.array([_scale(number, units, usual) for number in column.numbers])
    values, digits = _raw(column)
    return Values(values * scales, digits * scales, _how(column, scales))


def _raw(column: Column) -> tuple[Floats, Floats]:
    values = np.array([number.value for number in column.numbers], dtype=np.float64)
    digits = np.array([number.digit for number in column.numbers], dtype=np.float64)
    return values, digits


def _scale(number: Number, units: dict[str, float], usual: float) -> float:
    if not number.unit:
        return usual
    return units.get(number.unit, units.get(number.unit[0], usual))


def _how(column: Column, scales: Floats) -> str:
    if not column.name.endswith("_seconds"):
        return f"in units of {scales[0]:g}" if len(set(scales)) == 1 and scales[0] != 1 else ""
    names = {SECONDS[name]: name for name in _UNITS}
    return f"in {names.get(float(scales[0]), 'seconds')}" if len(set(scales)) == 1 else ""


def _shares(column: Column, percent: bool | None) -> Values:
    values, digits = _raw(column)
    known = values[np.isfinite(values)]
    signed = np.array([number.unit == "%" for number in column.numbers])
    # Error rates below 1 % are usual, accuracies below 1 % are not, whatever the heading says.
    is_low = column.meaning.is_error and column.meaning.scale is not None
    is_percent = percent
    if is_percent is None:
        is_percent = is_low or not ((known <= 1).all() and known.any())
    if percent is None and signed.any():
        scales = np.where(signed | (values > 1) | is_low, 0.01, 1.0)
        is_percent = bool(signed[np.isfinite(values)].all()) or is_percent
    else:
        scales = np.full(len(values), 0.01 if is_percent else 1.0)
    shares = values * scales
    if column.meaning.is_error:
        shares = 1 - shares
    how = "percentages" if is_percent else "fractions"
    is_read_off = percent is None and is_percent and not signed.any()
    if column.meaning.is_error:
        how += " of errors, accuracy is the rest"
        if is_read_off and (known <= 1).all():
            how += "; --fraction if they are fractions"
    elif is_read_off and (known <= 1).any():
        how += " though some are up to 1; --fraction if they are fractions"
    return Values(shares, np.where(np.isnan(shares), math.nan, digits * scales), f"as {how}")
