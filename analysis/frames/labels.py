"""The printed names of columns and values: labels, headings and units."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.load import Study
from search_spaces.errors import one_line
from tune_app.study.measures import is_share

MISSING = "–"
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
"""Column -> its heading, if that is not simply the name with spaces."""


def label(column: str, value: Any) -> str:
    """Return a parameter's value as it is printed: ``MNIST`` for ``mnist``, ``yes`` for True."""
    if isinstance(value, str):
        return one_line(LABELS.get(column, {}).get(value, value))
    if column == "max_iter" and value == -1:
        return "no limit"
    return format_value(value)


def label_in_text(value: object) -> str:
    """Return a parameter's value for a sentence that does not name the parameter: True is on."""
    names = {name: text for of_column in LABELS.values() for name, text in of_column.items()}
    return (names | {"True": "on", "False": "off"}).get(str(value), str(value))


def format_value(value: Any) -> str:
    """Return a value without a unit: yes or no, a whole number in full, else four digits."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, str):
        return one_line(value)
    number = float(value)
    if number.is_integer() and abs(number) < LARGEST_WHOLE:
        return str(int(number))
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def heading(column: str, *, as_share: bool = True) -> str:
    """Return the heading of a measured column, with its unit.

    Args:
        column: the name of the column.
        as_share: whether a column with the name of a share is one and is printed in percent;
            ``is_share_in`` decides it for a study's column.
    """
    if column in HEADINGS:
        return HEADINGS[column]
    words = one_line(column.replace("_", " "))
    if is_share(column):
        words = words.replace("f1", "F1").replace("val ", "validation ")
        return f"{words} (%)" if as_share else words
    return f"{words.removesuffix(' seconds')} (s)" if column.endswith("_seconds") else words


def parameter_heading(name: str) -> str:
    """Return the heading of a parameter, which is never a share, whatever its name."""
    return heading(name, as_share=False)


def metric_heading(study: Study, metric: str) -> str:
    """Return the heading of a study's metric."""
    return heading(metric, as_share=is_share_in(study, metric))


@lru_cache(maxsize=256)
def is_share_in(study: Study, column: str) -> bool:
    """Return whether a study's column is a metric with a share's name and all values in 0 to 1."""
    if column in study.config_keys or not is_share(column):
        return False
    values = numbers(study.rows, column)
    return not ((values < 0) | (values > 1)).any()
