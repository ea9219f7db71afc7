"""Reads a pandas table: columns of features, and one with the labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from search_spaces.errors import UserError, choices, did_you_mean

_WHERE = "ArrayData.from_frame"
_MOST_NAMED = 5

Read = tuple[NDArray[Any], Any, tuple[str, ...] | None, tuple[str, ...]]
"""Inputs, labels, class names and feature names."""


def read_frame(frame: Any, target: str) -> Read:
    """Return the features, the labels, the classes (if known) and the names of the features.

    Raises:
        UserError: there is no such column, values are missing, or a column has another type.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UserError(
            f"{_WHERE}: the table is of the type {type(frame).__name__}; allowed: a pandas "
            "DataFrame"
        )
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{_WHERE}: two columns have the name {twice[0]!r}; rename one")
    target = str(target)
    if target not in names:
        raise UserError(
            f"{_WHERE}: there is no column {target!r}{did_you_mean(target, names)}; allowed: "
            f"{choices(names)}"
        )
    frame = frame.set_axis(names, axis=1)
    _check_missing(frame)
    features = frame.drop(columns=target)
    if features.empty:
        raise UserError(
            f"{_WHERE}: {len(features)} rows and {features.shape[1]} columns beside {target!r}; "
            "allowed: at least one of each"
        )
    inputs = np.column_stack([_numbers(features[name]) for name in features])
    labels, class_names = _labels(frame[target])
    return inputs, labels, class_names, tuple(features)


def _check_missing(frame: pd.DataFrame) -> None:
    counts = (frame.isna() | frame.isin([np.inf, -np.inf])).sum()
    missing = [f"{name} ({count:,} times)" for name, count in counts.items() if count]
    if missing:
        more = len(missing) - _MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        raise UserError(
            f"{_WHERE}: values are missing or infinite in {choices(missing[:_MOST_NAMED])}{rest}; "
            "fill them or leave such rows out, as with frame.dropna()"
        )


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column of features as numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype) or _is_text(column):
        codes: NDArray[Any] = np.asarray(pd.Categorical(column).codes)
        return codes.astype(np.float64)
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        if types.is_complex_dtype(column):
            raise _refused(column, "complex numbers")
        return column.to_numpy(np.float64)
    raise _refused(column, str(column.dtype))


def _labels(column: pd.Series[Any]) -> tuple[Any, tuple[str, ...] | None]:
    """Return the labels, and the classes if the column is one of categories."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories()
        return used.cat.codes.to_numpy(np.int64), tuple(str(name) for name in used.cat.categories)
    if _is_text(column):
        return column.astype(str).to_numpy(dtype=str), None
    if types.is_bool_dtype(column):
        return column.to_numpy(np.bool_), None
    if types.is_integer_dtype(column):
        return column.to_numpy(np.int64), None
    if types.is_float_dtype(column):
        return column.to_numpy(np.float64), None
    raise _refused(column, str(column.dtype))


def _is_text(column: pd.Series[Any]) -> bool:
    return bool(types.infer_dtype(column) == "string")


def _refused(column: pd.Series[Any], kind: str) -> UserError:
    return UserError(
        f"{_WHERE}: column {column.name!r} holds {kind}; allowed: numbers, booleans, text, "
        "categories; turn it into one of them, or leave it out with "
        f"frame.drop(columns={column.name!r})"
    )
