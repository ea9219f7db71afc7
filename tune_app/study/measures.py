"""Formats the value of a measure for printing."""

from __future__ import annotations

import math
import re

_SHARE = re.compile(
    r"(?:.*_)?(?:accuracy|precision|recall|f1|specificity|sensitivity)(?:_(?:weighted|macro|micro))?"
)


def is_share(name: str) -> bool:
    """Return whether a measure is a share of counted items, such as ``val_accuracy``."""
    return _SHARE.fullmatch(name) is not None


def format_measure(name: str, value: object) -> str:
    """Return a measure as text: a share as a percentage, any other measure as a number.

    A share outside of 0 to 1 is a user's own percentage and is printed as it is.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return "not known"
    if is_share(name) and 0 <= value <= 1:
        return f"{100 * value:.2f} %"
    return f"{value:.4g}"


def on_test_data(metric: str) -> str:
    """Return a validation measure's name on test data: ``test_accuracy`` for ``val_accuracy``."""
    return f"test_{metric.removeprefix('val_')}"
