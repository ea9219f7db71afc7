"""Turns what a user gives as data into an array, and checks it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError

_KINDS = "biufcUS"
"""NumPy's letters for booleans, integers, floats, complex numbers and text."""


def checked_inputs(values: Any) -> NDArray[Any]:
    """Return the inputs as an array of numbers, booleans or text, (N, ...).

    Raises:
        UserError: they are no such array, they are empty, or they hold NaN or infinity.
    """
    array = as_array("inputs", values)
    if array.dtype.kind not in _KINDS:
        raise UserError(
            f"ArrayData: inputs have the type {array.dtype}; allowed: arrays of numbers, booleans "
            "or text; for a table with columns of several types use ArrayData.from_frame"
        )
    if not array.size:
        raise UserError(
            f"ArrayData: inputs are empty, their shape is {array.shape}; allowed: at least one item"
        )
    check_finite("inputs", array)
    return array


def as_array(what: str, values: Any) -> NDArray[Any]:
    """Return an array with one entry for each item, contiguous and in the machine's byte order.

    Args:
        what: ``inputs`` or ``labels``, for messages.
        values: an array, a list, a tensor, or an object of pandas.

    Raises:
        UserError: it cannot be an array, or its parts differ in shape.
    """
    if np.ma.is_masked(values):
        raise UserError(f"ArrayData: {what} are masked in places; fill or remove these items")
    try:
        if hasattr(values, "detach"):  # a tensor, perhaps on a GPU
            values = values.detach().cpu().numpy()
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        if "inhomogeneous" in str(error) or "broadcast" in str(error):
            raise UserError(
                f"ArrayData: {what} are ragged: the items differ in shape; pad, crop or resize "
                "them to one shape"
            ) from None
        raise UserError(f"ArrayData: {what} cannot be an array ({error})") from None
    if array.ndim == 0:
        raise UserError(
            f"ArrayData: {what} are of the type {type(values).__name__}; allowed: an array or a "
            "list with one entry for each item"
        )
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def check_finite(what: str, array: NDArray[Any]) -> None:
    """Check that there is neither NaN nor infinity in an array, (N, ...).

    Raises:
        UserError: there is; the message names the first such item.
    """
    if array.dtype.kind not in "fc":
        return
    sound = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not sound.all():
        raise UserError(
            f"ArrayData: {what} hold NaN or infinity in {int((~sound).sum()):,} of {len(array):,} "
            f"items, first in item {int(np.argmin(sound))}; fill or remove these items"
        )
