"""The rows that trials report: what of them is recorded, and what is drawn as a curve."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

_BOOKKEEPING = {
    "epoch",
    "milestone",
    "timestamp",
    "training_iteration",
    "pid",
    "done",
    "iterations_since_restore",
    "time_since_restore",
    "time_this_iter_s",
    "time_total_s",
    "timesteps_total",
    "episodes_total",
    "num_test",
    "num_threads",
    "num_concurrent_trials",
}


def recordable(result: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a reported row that JSON can hold.

    Args:
        result: what Tune received, with its own entries. The configuration is left out, because
            ``params.json`` holds it.

    Returns:
        The row, and one note for each value that JSON cannot hold.
    """
    row, notes = {}, []
    for key, value in result.items():
        if key == "config":
            continue
        plain = value.item() if getattr(value, "ndim", None) == 0 else value
        try:
            assert isinstance(key, str)
            json.dumps(plain)
        except (AssertionError, TypeError, ValueError, RecursionError):
            notes.append(f"{key!r} was reported as {type(value).__name__} and is not recorded")
        else:
            row[key] = plain
    return row, notes


def scalars(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a row that are measurements."""
    return {
        key: float(value)
        for key, value in row.items()
        if key not in _BOOKKEEPING
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    }
