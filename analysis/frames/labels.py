"""The printed names of columns and values: labels, headings and units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from search_spaces.errors import one_line
from tune_app.study.measures import is_share
from tune_app.study.rows import STATES

MISSING = "–"
MINUS = "−"
LARGEST_WHOLE = 1e15
"""Below this, floats hold every whole number exactly."""
MILLIONS = ("macs", "flops", "live_flops", "num_parameters")
"""Columns that are printed in millions."""
LABELS = {
    "dataset": {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"},
    "model": {"resnet18": "ResNet-18", "resnet50": "ResNet-50"},
    "optimizer": {"sgd": "SGD", "adam": "Adam"},
    "device": {"cpu": "CPU", "cuda": "GPU"},
    "family": {"svm": "SVM", "resnet": "ResNet"},
}
"""Column -> value -> its printed name."""
HEADINGS = {
    "dataset": "data set",
    "cpu_seconds": "processor time (s)",
    "lr": "learning rate",
    "lr_schedule": "learning rate schedule",
    "label_smoothing": "label smoothing",
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
    "tune_seconds": "time of the trial (s)",
    "shared_with": "shared",
    "config_id": "id",
}
"""Column -> its heading, if that is not simply the name with spaces."""


def label(column: str, value: Any) -> str:
    """Return a parameter's value as it is printed: ``MNIST`` for ``mnist``, ``yes`` for True."""
    if isinstance(value, str):
        return format_value(LABELS.get(column, {}).get(value, value))
    if column == "max_iter" and value == -1:
        return "no limit"
    return format_value(value)


def status_words(status: object) -> str:
    """Return the status of a row in words: ``timed out``, and ``not begun`` for ``missing``."""
    return STATES["missing"] if status == "missing" else str(status).replace("_", " ")


def label_in_text(value: object) -> str:
    """Return a parameter's value for a sentence that does not name the parameter: True is on."""
    names = {name: text for of_column in LABELS.values() for name, text in of_column.items()}
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE
    text = f"{value:.0f}" if is_whole else str(value)
    return (names | {"True": "on", "False": "off"}).get(text, text)


def format_value(value: Any) -> str:
    """Return a value without a unit: yes or no, a whole number in full, else four digits.

    A text of nothing but spaces stands in quotes, and a list or a mapping is printed as JSON.
    """
    if isinstance(value, (list, tuple, Mapping)):
        return one_line(json.dumps(value, default=str, ensure_ascii=False))
    if isinstance(value, str):
        return one_line(value) or repr(value)
    if value is None or pd.isna(value):
        return MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    number = float(value)
    if number.is_integer() and abs(number) < LARGEST_WHOLE:
        text = str(int(number))
    else:
        text = f"{number:.0f}" if 1000 <= abs(number) < LARGEST_WHOLE else f"{number:.4g}"
    return with_minus(text)


def with_minus(text: str) -> str:
    """Return a printed number with a minus sign in the place of a hyphen before it."""
    return f"{MINUS}{text[1:]}" if text.startswith("-") else text


def heading(column: str, *, as_share: bool | None = None, unit: str = "") -> str:
    """Return the heading of a measured column, with its unit.

    Args:
        column: the name of the column.
        as_share: whether the column is printed in percent; None leaves it to the name.
        unit: the unit of a column that is not printed in percent.
    """
    if column in HEADINGS:
        return HEADINGS[column]
    words = words_of(column, unit)
    if is_share(column) if as_share is None else as_share:
        return f"{words} (%)"
    if column.endswith("_seconds"):
        return f"{words.removesuffix(' seconds')} (s)"
    return f"{words} ({one_line(unit)})" if unit else words


def words_of(column: str, unit: str = "") -> str:
    """Return the name of a measured column in words, without its unit: ``validation rmse``.

    A unit that ends the name is left out: ``latency`` for ``latency_ms`` in ms.
    """
    words = without_escapes(one_line(column.replace("_", " ")))
    if unit and words.casefold().endswith(f" {unit.casefold()}"):
        words = words[: -len(unit) - 1]
    words = f"validation {words[4:]}" if words.startswith("val ") else words
    return words.replace("f1", "F1") if is_share(column) else words


def without_escapes(text: str) -> str:
    r"""Return a name or a unit of a user's with another sign for ``\``.

    In the title of an axis it would begin an escape, and ``\xi`` is none: no figure could be drawn.
    """
    return text.replace("\\", "\u2216")


def mean_of(words: str) -> str:
    """Return the words for means of a measure, which may be called a mean itself: ``mean iou``."""
    return words if words.startswith("mean ") else f"mean {words}"


def parameter_heading(name: str) -> str:
    """Return the heading of a parameter, which is never a share, whatever its name."""
    return heading(name, as_share=False)
