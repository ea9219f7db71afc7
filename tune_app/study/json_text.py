"""Parses JSON from files that may be edited, damaged or from someone else.

The commands and the report use this one parser, so that they see the same values. Values are safe
for the code after it: integers fit into 64 bits, strings can be encoded, and nesting is limited.
"""

from __future__ import annotations

import json
from typing import Any

MOST_LEVELS = 64
"""The deepest nesting that is allowed. Files that this program writes stay below ten levels."""
_MOST_DIGITS = 19


def parse_json(text: str) -> Any:
    """Parse one JSON value. NaN and Infinity are allowed.

    An integer beyond 64 bits becomes a float. An unpaired surrogate, which UTF-8 cannot encode,
    becomes a question mark.

    Raises:
        ValueError: the text is not JSON, or it is nested deeper than ``MOST_LEVELS``.
    """
    try:
        value = json.loads(text, parse_int=_integer)
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MOST_LEVELS:
        _check_depth(value)
    if "\\ud" in text or "\\uD" in text:
        value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    return value


def _too_deep() -> ValueError:
    return ValueError(f"nested deeper than {MOST_LEVELS} levels")


def _integer(digits: str) -> int | float:
    if len(digits) <= _MOST_DIGITS + 1 and -(2**63) <= (number := int(digits)) < 2**63:
        return number
    return float(digits)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise _too_deep()
