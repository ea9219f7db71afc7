"""Decides whether labels are classes or targets, and checks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.data.checked_arrays import as_array, check_finite

_MANY_CLASSES = 50
"""Integers with more different values than this are counted as a mistake if most are unique."""


def checked_labels(
    values: Any, class_names: Sequence[str] | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Return the labels and the names of the classes, which are None for a regression.

    Args:
        values: one label for each item.
        class_names: the names of the classes if they are known.

    Returns:
        Classes, int64 (N,), and their names; or targets, float (N,) or (N, K), and None.

    Raises:
        UserError: the labels cannot be classes or targets.
    """
    if isinstance(values, (list, tuple)) and len({isinstance(v, str) for v in values}) > 1:
        values = np.array(values, dtype=object)  # NumPy would turn all of them into text
    array = _plain(as_array("labels", values))
    check_finite("labels", array)
    if class_names is not None:
        names = _checked_names(class_names)
        return _classes(_one_column(array), names), names
    if array.dtype.kind == "f":
        if array.ndim > 2:
            raise UserError(
                f"ArrayData: labels have the shape {array.shape}; allowed: (N,) or (N, K)"
            )
        return array, None
    return _found_classes(_one_column(array))


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of Python objects as one of numbers or of text."""
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "O":
        kinds = {type(value) for value in array.flat}
        if kinds <= {str, np.str_}:
            return array.astype(str)
        if not kinds & {str, np.str_, type(None)}:  # pandas has numbers as objects
            try:
                found = np.asarray(array.tolist())
            except (ValueError, TypeError):
                found = array
            if found.dtype.kind != "O":  # as it is for Decimal and dates
                return _plain(found)
        names = sorted(kind.__name__ for kind in kinds)
        raise UserError(
            f"ArrayData: labels are objects of the types {choices(names)}; allowed: integers, "
            "booleans or text for classes, floats for targets, and none missing"
        )
    if array.dtype.kind not in "biufU":
        raise UserError(
            f"ArrayData: labels have the type {array.dtype}; allowed: integers, booleans or text "
            "for classes, floats for targets"
        )
    return array


def _one_column(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1:
        raise UserError(
            f"ArrayData: labels of classes have the shape {array.shape}; allowed: (N,), the class "
            "of each item; use labels.argmax(axis=1) if each class has a column"
        )
    return array


def _checked_names(class_names: Sequence[str]) -> tuple[str, ...]:
    is_sound = not isinstance(class_names, str) and all(
        isinstance(name, str) for name in class_names
    )
    if not is_sound or not len(class_names):
        raise UserError(
            "ArrayData: class_names must be a list of strings, the classes in the order of their "
            "labels"
        )
    return tuple(map(str, class_names))


def _classes(labels: NDArray[Any], names: tuple[str, ...]) -> NDArray[Any]:
    """Return the class of each item, checked against the names."""
    if labels.dtype.kind == "U":
        number = {name: i for i, name in enumerate(names)}
        for unknown in sorted({*labels.tolist()} - number.keys())[:1]:
            raise UserError(
                f"ArrayData: the label {unknown!r} is not in class_names"
                f"{did_you_mean(unknown, names)}; allowed: {choices(names)}"
            )
        return np.array([number[label] for label in labels.tolist()], dtype=np.int64)
    is_class = (labels == np.floor(labels)) if labels.dtype.kind == "f" else np.True_
    is_class = is_class & (labels >= 0) & (labels < len(names))
    if not np.all(is_class):
        where = int(np.argmin(is_class))
        raise UserError(
            f"ArrayData: the label of item {where} is {labels[where].item()!r}; allowed: 0 to "
            f"{len(names) - 1}, as there are {len(names)} class_names; leave class_names out for "
            "targets of a regression"
        )
    return labels.astype(np.int64)


def _found_classes(labels: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the class of each item and the names; the classes are the values, ascending."""
    found, numbers = np.unique(labels, return_inverse=True)
    is_number = labels.dtype.kind in "iu"
    if is_number and len(found) > _MANY_CLASSES and 2 * len(found) > len(labels):
        raise UserError(
            f"ArrayData: labels are {len(found):,} different integers in {len(labels):,} items; "
            "integers are classes: give floats if they are targets of a regression, as in "
            "labels.astype(float)"
        )
    return numbers.astype(np.int64), tuple(str(value) for value in found.tolist())
