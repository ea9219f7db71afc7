"""Printing: cells, headings and footnotes of Markdown tables.

A percentage is printed with the digits that its test set can resolve: among ``n`` images two
accuracies differ by at least ``100 / n`` points, so 140 images carry one decimal. Two decimals are
the most: at 14,000 images the standard error of 90 % is already a quarter of a point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.load import Study
from analysis.tables import inert_axes
from search_spaces.errors import one_line

MISSING = "–"
_DATASETS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
_FRACTION = re.compile(
    r"(?P<split>train|val|test)_(?:accuracy|precision|recall|f1)(?:_weighted|_macro)?"
)
_MILLIONS = ("macs", "flops", "live_flops", "num_parameters")
_MOST_DIGITS = 2
_MARKUP = {"\\": "\\\\", "|": "\\|", "<": "&lt;", "`": "'", "[": "\\["}
_HEADINGS = {
    "lr": "learning rate",
    "macs": "MACs (M)",
    "flops": "FLOPs (M)",
    "live_flops": "live FLOPs (M)",
    "num_parameters": "parameters (M)",
    "images_per_second": "images/s",
    "speedup_vs_cpu": "speed-up over CPU",
    "trial_id": "trial",
    "shared_with": "shared",
}


def percent_digits(num_images: float | None) -> int:
    """Return how many decimals of a percentage ``num_images`` images can resolve, at most 2."""
    if num_images is None or not 0 < num_images < math.inf:
        return _MOST_DIGITS
    return min(max(math.ceil(math.log10(num_images)) - 2, 0), _MOST_DIGITS)


def format_percent(fraction: float, num_images: float | None) -> str:
    """Return a fraction as a percentage without the sign: 0.98571 of 140 images is ``98.6``."""
    return f"{100 * fraction:.{percent_digits(num_images)}f}"


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
        return f"shared with {escape(value)}" if value else ""
    if column == "dataset":
        return escape(_DATASETS.get(value, value))
    if isinstance(value, str) or pd.api.types.is_bool(value):
        return format_value(value)
    return _format_quantity(column, float(value), num_images)


def _format_quantity(column: str, value: float, num_images: float | None) -> str:
    if _FRACTION.fullmatch(column):
        return format_percent(value, num_images)
    if column.endswith("_seconds"):
        return format_seconds(value)
    if column in _MILLIONS:
        return f"{value / 1e6:.2f}"
    return f"{value:.1f}×" if column == "speedup_vs_cpu" else format_value(value)


def format_value(value: Any) -> str:
    """Return a value of no known unit: yes and no, whole numbers in full, four digits else."""
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, str):
        return escape(value)
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def escape(text: object) -> str:
    """Return text that stays inside its table cell and is no markup, link or control character."""
    flat = one_line(str(text))
    for mark, harmless in _MARKUP.items():
        flat = flat.replace(mark, harmless)
    return flat


def heading(column: str) -> str:
    """Return the heading of a column, with its unit; a user's parameter may have any name."""
    if column in _HEADINGS:
        return _HEADINGS[column]
    words = escape(column.replace("_", " "))
    if _FRACTION.fullmatch(column):
        return f"{words.replace('f1', 'F1')} (%)"
    return f"{words.removesuffix(' seconds')} (s)" if column.endswith("_seconds") else words


def num_images_of(study: Study, dataset: object, column: str) -> float | None:
    """Return how many images a fraction such as ``val_accuracy`` was counted on, if known."""
    match = _FRACTION.fullmatch(column)
    data = study.meta.get("data")
    datasets = data.get("datasets") if isinstance(data, dict) else None
    counts = datasets.get(dataset) if isinstance(datasets, dict) else None
    if match is None or not isinstance(counts, dict):
        return None
    count = counts.get(f"num_{match['split']}")
    return float(count) if isinstance(count, (int, float)) else None


def to_markdown(table: pd.DataFrame, study: Study) -> str:
    """Return a table of ``analysis.tables`` as Markdown, its markers explained below it.

    A time in a row that is one and the same result as another row carries a dagger: between such
    rows there is nothing to compare.
    """
    rows = study.rows.loc[table.index]
    datasets = list(rows["dataset"]) if "dataset" in rows else [None] * len(rows)
    tested = [math.nan] * len(rows)
    if "num_test" in rows:
        tested = list(pd.to_numeric(rows["num_test"], errors="coerce"))
    copies = [bool(same_as) for same_as in rows["same_as"]]
    cells: dict[str, list[str]] = {}
    for column in map(str, table.columns):
        # A user's parameter may have the name that another column is printed under.
        name = heading(column) if heading(column) not in cells else escape(column)
        cells[name] = []
        timed = column.endswith("_seconds") or column in ("images_per_second", "speedup_vs_cpu")
        for value, dataset, num_test, copy in zip(
            table[column], datasets, tested, copies, strict=True
        ):
            counted = num_test if column.startswith("test_") and num_test > 0 else None
            num_images = counted or num_images_of(study, dataset, column)
            cell = format_cell(column, value, num_images)
            cells[name].append(f"{cell} †" if timed and copy and cell != MISSING else cell)
    text = [markdown_table(cells)]
    if any(rows["shared_with"]):
        text.append(
            "*shared with*: the row is read from the trial of the row named there, at the row's "
            "own epoch. Rows with the same trial are one training run."
        )
    if any(copies):
        axes = ", ".join(map(escape, inert_axes(study))) or "the parameters they differ in"
        text.append(
            f"† The same trial, read at the same epoch, as a row that differs only in {axes}: the "
            f"time is one measurement, and comparing times across {axes} is not applicable."
        )
    if "speedup_vs_cpu" in table and table["speedup_vs_cpu"].notna().any():
        text.append(
            "Speed-up: training seconds of the CPU row over those of this row, one run each."
        )
    return "\n\n".join(text)


def markdown_table(cells: Mapping[str, Iterable[str]]) -> str:
    """Return ``heading -> cells`` as a Markdown table; columns of numbers are set to the right."""
    frame = pd.DataFrame(cells, dtype="str")
    if frame.empty:
        return "No rows."
    number = re.compile(rf"[-+]?[\d.]+(e[-+]?\d+)?×?( †)?|{MISSING}|inf|-inf|nan")
    align = [
        "right" if all(number.fullmatch(cell) for cell in frame[name]) else "left" for name in frame
    ]
    # Without disable_numparse an identifier such as 3e45678901 would be printed as a number.
    return str(frame.to_markdown(index=False, disable_numparse=True, colalign=align))
