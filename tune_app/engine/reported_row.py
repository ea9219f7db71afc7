"""The rows that trials report: what of them is recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


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
