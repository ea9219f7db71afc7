"""The values of a search space: which are allowed, and their plain form for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.errors import UserError

MOST_CONFIGURATIONS = 100_000
"""Ray Tune is not made for more trials, and a larger grid is nearly always a mistake."""
LARGEST_INTEGER = 2**53
"""Beyond it, floats and JSON readers that use them cannot represent every integer."""


def is_grid(value: Any) -> bool:
    """Return whether a value of ``param_space`` is a ``tune.grid_search([...])``."""
    return isinstance(value, Mapping) and set(value) == {"grid_search"}


def plain_axis(where: str, value: Any) -> Any:
    """Return a constant or a ``tune.grid_search``, made of Python's lists, dicts and scalars.

    The values of a grid may be any sequence or a one-dimensional array. Scalars may be NumPy's.

    Raises:
        UserError: a value is not allowed; the message begins with ``where``.
    """
    if not is_grid(value):
        return plain_value(where, value)
    values = listed(where, value["grid_search"])
    if not values:
        raise UserError(f"{where}: tune.grid_search needs at least one value")
    return {"grid_search": [plain_value(where, entry) for entry in values]}


def plain_value(where: str, value: Any) -> Any:
    """Return the value of a parameter, or of tied parameters, in Python's own types.

    Raises:
        UserError: the value is not allowed; the message begins with ``where``.
    """
    if not isinstance(value, Mapping):
        scalar = plain_scalar(value)
        _check_scalar(where, scalar)
        return scalar
    for key, entry in value.items():
        if not isinstance(key, str) or not key.isidentifier():
            raise UserError(f"{where}: {quoted(key)} is no name of a parameter")
        if isinstance(entry, Mapping):
            raise nested(where, key)
    return {
        str.__str__(key): plain_value(f"{where}[{key!r}]", entry) for key, entry in value.items()
    }


def nested(where: str, name: str) -> UserError:
    """Return the mistake of a parameter within a constant mapping that has values of its own."""
    return UserError(
        f"{where}: a mapping sets several parameters to a plain value each; write {name!r} as a "
        f"parameter of its own, which your function reads as config[{name!r}]"
    )


def plain_scalar(value: Any) -> Any:
    """Convert a NumPy scalar, or a subclass of ``str``, ``int`` or ``float``, to Python's type.

    Anything else is returned as it is.
    """
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    return str.__str__(value) if isinstance(value, str) else value


def quoted(value: Any) -> str:
    """Return a value as an error message quotes it.

    A very large integer is described by its size, since Python refuses to print more than 4,300
    digits.
    """
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return f"a number of {value.bit_length()} bits"
    return repr(value)


def listed(where: str, values: Any, function: str = "tune.grid_search") -> list[Any]:
    """Return the values that a function of Ray Tune was given, as a list.

    Raises:
        UserError: they are no sequence or one-dimensional array, or there are too many.
    """
    is_array = hasattr(values, "tolist") and len(getattr(values, "shape", ())) == 1
    if not is_array and (not isinstance(values, Sequence) or isinstance(values, (str, bytes))):
        raise UserError(
            f"{where}: {function} needs a list, not a {type(values).__name__}; use "
            "sorted(...) for a set and list(...) for a generator"
        )
    if len(values) > MOST_CONFIGURATIONS:
        raise UserError(
            f"{where}: {len(values):,} values; allowed: at most {MOST_CONFIGURATIONS:,}; shorten "
            "the list"
        )
    return list(values.tolist() if is_array else values)


def _check_scalar(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, (str, bool, int, float)):
        raise UserError(
            f"{where}: {value!r} is a {type(value).__name__}; allowed: strings, numbers, booleans, "
            "None, tune.grid_search([...]) of them, or a domain such as tune.uniform(0, 1); give "
            "anything else a name, and look it up in your function"
        )
    if isinstance(value, str) and not _is_text(value):
        raise UserError(f"{where}: {value!r} cannot be written as UTF-8; remove the surrogate")
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}: {value!r} is not allowed; allowed: finite numbers")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise UserError(f"{where}: {quoted(value)} is too large; allowed: up to 2^53")


def _is_text(value: str) -> bool:
    try:
        return bool(value.encode()) or not value
    except UnicodeEncodeError:
        return False
