"""Turns what a user's function reports into values that JSON can hold."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

_MOST_CHARACTERS = 10_000
"""Longest JSON text of one reported value; a table of results is not the place for an image."""
_MOST_BITS = 1_024


def plain_value(value: Any) -> Any:
    """Return a reported value in Python's own types, as JSON has them.

    Numbers of NumPy, torch and ``decimal`` become Python's, paths become text, small arrays and
    tensors become lists.

    Raises:
        ValueError: JSON has no word for it, or it is too large. The message describes it.
    """
    try:
        plain = _plain(value)
        length = len(json.dumps(plain))
    except Exception:  # of any kind, because the value's own methods are called
        raise ValueError(_described(value)) from None
    if length > _MOST_CHARACTERS:
        raise ValueError(f"{_described(value)}, more than {_MOST_CHARACTERS:,} characters")
    return plain


def _plain(value: Any) -> Any:
    plain = value
    if isinstance(value, str):
        plain = str.__str__(value)
    elif isinstance(value, PurePath):
        plain = str(value)
    elif value is None or isinstance(value, bool):
        pass
    elif isinstance(value, numbers.Integral):
        plain = int(value)
        if plain.bit_length() > _MOST_BITS:
            raise ValueError
    elif isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError
        plain = {str.__str__(key): _plain(entry) for key, entry in value.items()}
    elif isinstance(value, (list, tuple)):
        plain = [_plain(entry) for entry in value]
    elif hasattr(value, "tolist") and math.prod(getattr(value, "shape", ())) <= _MOST_CHARACTERS:
        plain = _plain(value.tolist())  # arrays and tensors, also of no dimension
    elif isinstance(value, numbers.Number) and not isinstance(value, complex):
        plain = float(value)  # type: ignore[arg-type]  # Decimal and Fraction convert
    else:
        raise ValueError
    return plain


def _described(value: Any) -> str:
    try:
        shape = getattr(value, "shape", None)
    except Exception:
        shape = None
    of_shape = f" of shape {tuple(shape)}" if isinstance(shape, tuple) and shape else ""
    return f"{type(value).__name__}{of_shape}"
