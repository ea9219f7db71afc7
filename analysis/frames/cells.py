"""Format values for print: their digits and units, as plain text without markup.

A percentage has as many decimals as its test set can resolve. On ``n`` images two different
accuracies are at least ``100 / n`` points apart, so 140 images give one decimal. There are at most
two decimals: on 14,000 images the standard error of 90 % is already a quarter of a point.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from analysis.frames.labels import (
    LARGEST_WHOLE,
    MILLIONS,
    MINUS,
    MISSING,
    format_value,
    label,
    with_minus,
)
from search_spaces.errors import one_line
from tune_app.study.measures import is_share

_MOST_DIGITS = 2
_MOST_DECIMALS = 6
_SMALLEST_P = 0.001
_DECIMALS = re.compile(r"[-−]?[\d,]+(?:\.(?P<decimals>\d+))?")
_FIVE_DIGITS = re.compile(r"(?<![\d.])\d{5,}")


def percent_digits(num_images: float | None) -> int:
    """Return how many decimals of a percentage ``num_images`` images resolve, at most 2."""
    if num_images is None or not 0 < num_images < math.inf:
        return _MOST_DIGITS
    return min(max(math.ceil(math.log10(num_images)) - 2, 0), _MOST_DIGITS)


def format_percent(fraction: float, num_images: float | None) -> str:
    """Return a fraction as a percentage without ``%``: 0.98571 of 140 images is ``98.6``."""
    return half_up(100 * fraction, percent_digits(num_images))


def format_points(difference: float, num_images: float | None = None) -> str:
    """Return a difference of fractions in percentage points, with its sign; zero has no sign."""
    if not math.isfinite(difference):
        return MISSING
    text = half_up(abs(100 * difference), max(percent_digits(num_images), 1))
    return signed(text, difference)


def signed(text: str, difference: float) -> str:
    """Return the printed size of a difference with its sign; zero has no sign."""
    sign = "" if not text.strip("0.") else MINUS if difference < 0 else "+"
    return sign + text


def grouped(text: str) -> str:
    """Return a measured number with commas between its thousands from five digits on."""
    return _FIVE_DIGITS.sub(lambda digits: f"{int(digits[0]):,}", text)


def decimals_of(width: float) -> int | None:
    """Return the decimals with which values are printed that are known to ± a width.

    The width then has two digits. None without a width, or if so many decimals are no use.
    """
    if not (math.isfinite(width) and width > 0):
        return None
    decimals = max(1 - math.floor(math.log10(width)), 0)
    return decimals if decimals <= _MOST_DECIMALS else None


def half_up(number: float, digits: int) -> str:
    """Round a number as a person does, halves away from zero: 81.25 is 81.3.

    A fraction of images is often such a half, and its binary form lies just above or below it.
    """
    if not abs(number) < LARGEST_WHOLE:
        return f"{number:.4g}"
    return f"{Decimal(f'{number:.9f}').quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def format_seconds(seconds: float) -> str:
    """Return seconds with three significant digits below 100, and whole seconds above."""
    rounded = abs(float(f"{seconds:.3g}"))
    if not rounded < 100:
        return f"{seconds:.0f}"
    magnitude = math.floor(math.log10(rounded)) if rounded else 0
    return f"{seconds:.{min(max(2 - magnitude, 1), 6)}f}"


def format_cell(
    column: str, value: Any, num_images: float | None = None, *, as_share: bool | None = None
) -> str:
    """Return the text of one cell. The column decides the unit.

    Args:
        column: the name of a measured column.
        value: the cell's value.
        num_images: how many images a share was counted on; None if unknown.
        as_share: whether the column is printed in percent; None leaves it to the name.
    """
    if value is None or pd.isna(value):
        return MISSING
    if column == "shared_with":
        return f"shared with {one_line(str(value))}" if value else ""
    if isinstance(value, str) or pd.api.types.is_bool(value) or column == "max_iter":
        return label(column, value)
    if is_share(column) if as_share is None else as_share:
        return format_percent(value, num_images)
    text = format_value(value) if is_share(column) else _format_quantity(column, float(value))
    return grouped(text)


def _format_quantity(column: str, value: float) -> str:
    if column.endswith("_seconds"):
        return format_seconds(value)
    if column in MILLIONS:
        return f"{value / 1e6:.2f}"
    return f"{value:.1f}×" if column == "speedup_vs_cpu" else format_value(value)


def format_spread(
    column: str,
    mean: Any,
    spread: Any,
    num_images: float | None = None,
    *,
    as_share: bool | None = None,
) -> str:
    """Return ``mean ± standard deviation`` in the column's unit; the mean alone without a spread.

    Both have the same decimals: as many as the mean alone, and one more if the spread needs it to
    show two digits. A percentage has at least one decimal. A spread that would be printed as zero
    is printed as below the last decimal: ``<0.01``.
    """
    text = format_cell(column, mean, num_images, as_share=as_share)
    if text == MISSING or spread is None or not math.isfinite(spread):
        return text
    match = _DECIMALS.fullmatch(text)
    if match is None:
        return f"{text} ± {format_cell(column, spread, num_images, as_share=as_share)}"
    in_percent = is_share(column) if as_share is None else as_share
    scale = 100.0 if in_percent else 1e-6 if column in MILLIONS else 1.0
    width = scale * abs(float(spread))
    fewest = len(match["decimals"] or "")
    most = fewest + 1
    if in_percent:
        fewest, most = max(fewest, 1), _MOST_DIGITS
    wanted = 1 - math.floor(math.log10(width)) if width > 0 else fewest
    digits = min(max(wanted, fewest), most)
    shown = half_up(width, digits)
    if width > 0 and float(shown) == 0:
        shown = f"<{10.0**-digits:.{digits}f}"
    return f"{with_minus(grouped(half_up(scale * float(mean), digits)))} ± {grouped(shown)}"


def duration(seconds: float) -> str:
    """Return a duration with two units at most: ``1 h 5 min``, ``17 min``, ``42 s``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if rest and hours < 100 else f"{hours:,} h"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def p_cell(p_value: float) -> str:
    """Return a p-value for a table: ``0.034``, ``< 0.001``."""
    if math.isnan(p_value):
        return MISSING
    return f"{p_value:.2g}" if p_value >= _SMALLEST_P else f"< {_SMALLEST_P:g}"


def p_words(p_value: float) -> str:
    """Return a p-value for a sentence: ``p = 0.034``, ``p < 0.001``."""
    text = p_cell(p_value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"
