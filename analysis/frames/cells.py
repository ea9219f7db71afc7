"""What a value is printed as: units, digits and headings, as plain text without any markup.

A percentage is printed with the digits that its test set can resolve: among ``n`` images two
accuracies differ by at least ``100 / n`` points, so 140 images carry one decimal. Two decimals are
the most: at 14,000 images the standard error of 90 % is already a quarter of a point.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from analysis.frames.load import Study
from search_spaces.errors import one_line

MISSING = "–"
_LABELS = {
    "dataset": {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"},
    "model": {"resnet18": "ResNet-18", "resnet50": "ResNet-50"},
    "optimizer": {"sgd": "SGD", "adam": "Adam"},
    "device": {"cpu": "CPU", "cuda": "GPU"},
}
FRACTION = re.compile(
    r"(?P<split>train|val|test)_(?:accuracy|precision|recall|f1)(?:_weighted|_macro)?"
)
"""Metrics that are fractions in data and percentages in print."""
_MILLIONS = ("macs", "flops", "live_flops", "num_parameters")
_MOST_DIGITS = 2
_LARGEST_ROUNDED = 1e15
_HEADINGS = {
    "dataset": "data set",
    "lr": "learning rate",
    "lr_schedule": "learning rate schedule",
    "mixed_precision": "mixed precision on a GPU",
    "macs": "MACs (M)",
    "flops": "FLOPs (M)",
    "live_flops": "live FLOPs (M)",
    "num_parameters": "parameters (M)",
    "num_seeds": "seeds",
    "num_support_vectors": "support vectors",
    "num_train_images": "training images",
    "images_per_second": "images/s",
    "speedup_vs_cpu": "speed-up over CPU",
    "trial_id": "trial",
    "shared_with": "shared",
    "config_id": "id",
    "momentum": "momentum (SGD only)",
}
_DECIMALS = re.compile(r"-?\d+(?:\.(?P<decimals>\d+))?")


def percent_digits(num_images: float | None) -> int:
    """Return how many decimals of a percentage ``num_images`` images can resolve, at most 2."""
    if num_images is None or not 0 < num_images < math.inf:
        return _MOST_DIGITS
    return min(max(math.ceil(math.log10(num_images)) - 2, 0), _MOST_DIGITS)


def format_percent(fraction: float, num_images: float | None) -> str:
    """Return a fraction as a percentage without the sign: 0.98571 of 140 images is ``98.6``."""
    return _half_up(100 * fraction, percent_digits(num_images))


def format_points(difference: float, num_images: float | None = None) -> str:
    """Return a difference of fractions in percentage points, with its sign; zero has none."""
    if not math.isfinite(difference):
        return MISSING
    text = _half_up(abs(100 * difference), max(percent_digits(num_images), 1))
    sign = "" if float(text) == 0 else "−" if difference < 0 else "+"
    return sign + text


def _half_up(number: float, digits: int) -> str:
    """Round a number as it is written in decimals, halves away from zero: 81.25 is 81.3.

    A fraction of images is often such a half, which its binary form misses to either side.
    """
    if not abs(number) < _LARGEST_ROUNDED:
        return f"{number:.{digits}f}"
    return f"{Decimal(f'{number:.9f}').quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def format_seconds(seconds: float) -> str:
    """Return seconds with three significant digits below 100, whole seconds above."""
    if not math.isfinite(seconds) or abs(seconds) >= 100:
        return f"{seconds:.0f}"
    magnitude = math.floor(math.log10(abs(seconds))) if seconds else 0
    return f"{seconds:.{min(max(2 - magnitude, 1), 6)}f}"


def format_cell(column: str, value: Any, num_images: float | None = None) -> str:
    """Return the text of one cell; the column decides the unit."""
    if value is None or pd.isna(value):
        return MISSING
    if column == "shared_with":
        return f"shared with {one_line(str(value))}" if value else ""
    if isinstance(value, str) or pd.api.types.is_bool(value) or column == "max_iter":
        return label(column, value)
    return _format_quantity(column, float(value), num_images)


def label(column: str, value: Any) -> str:
    """Return a parameter's value as it is printed: ``mnist`` is MNIST, True is yes."""
    if isinstance(value, str):
        return one_line(_LABELS.get(column, {}).get(value, value))
    if column == "max_iter" and value == -1:
        return "no limit"
    return format_value(value)


def _format_quantity(column: str, value: float, num_images: float | None) -> str:
    if FRACTION.fullmatch(column):
        return format_percent(value, num_images)
    if column.endswith("_seconds"):
        return format_seconds(value)
    if column in _MILLIONS:
        return f"{value / 1e6:.2f}"
    return f"{value:.1f}×" if column == "speedup_vs_cpu" else format_value(value)


def format_value(value: Any) -> str:
    """Return a value of no known unit: yes and no, whole numbers in full, four digits else."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, str):
        return one_line(value)
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def format_spread(column: str, mean: Any, spread: Any, num_images: float | None = None) -> str:
    """Return ``mean ± standard deviation`` in the column's unit; the mean alone without spread.

    Both have the same decimals: those of the mean alone, and one more where the spread needs it to
    show two digits (a percentage has one at least). A spread that rounds to nothing is said to be
    below the last decimal.
    """
    text = format_cell(column, mean, num_images)
    if text == MISSING or spread is None or not math.isfinite(spread):
        return text
    match = _DECIMALS.fullmatch(text)
    if match is None:
        return f"{text} ± {format_cell(column, spread, num_images)}"
    scale = 100.0 if FRACTION.fullmatch(column) else 1e-6 if column in _MILLIONS else 1.0
    width = scale * abs(float(spread))
    fewest = len(match["decimals"] or "")
    most = fewest + 1
    if FRACTION.fullmatch(column):
        fewest, most = max(fewest, 1), _MOST_DIGITS
    wanted = 1 - math.floor(math.log10(width)) if width > 0 else fewest
    digits = min(max(wanted, fewest), most)
    shown = _half_up(width, digits)
    if width > 0 and float(shown) == 0:
        shown = f"<{10.0**-digits:.{digits}f}"
    return f"{_half_up(scale * float(mean), digits)} ± {shown}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def heading(column: str) -> str:
    """Return the heading of a column, with its unit; a user's parameter may have any name."""
    if column in _HEADINGS:
        return _HEADINGS[column]
    words = one_line(column.replace("_", " "))
    if FRACTION.fullmatch(column):
        return f"{words.replace('f1', 'F1').replace('val ', 'validation ')} (%)"
    return f"{words.removesuffix(' seconds')} (s)" if column.endswith("_seconds") else words


def num_images_of(study: Study, dataset: object, column: str) -> float | None:
    """Return how many images a fraction such as ``val_accuracy`` was counted on, if known.

    Without a data set (None) it is known where all data sets of the study have as many.
    """
    match = FRACTION.fullmatch(column)
    data = study.meta.get("data")
    datasets = data.get("datasets") if isinstance(data, dict) else None
    if match is None or not isinstance(datasets, dict):
        return None
    asked = list(datasets.values()) if dataset is None else [datasets.get(dataset)]
    name = f"num_{match['split']}"
    counts = {of.get(name) if isinstance(of, dict) else None for of in asked}
    count = counts.pop() if len(counts) == 1 else None
    return float(count) if isinstance(count, (int, float)) else None
