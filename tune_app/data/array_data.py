"""A user's data as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ArrayData:
    """Inputs with their labels.

    Attributes:
        inputs: (N, ...) of any type.
        labels: Classes, integers from 0, (N,); or targets of a regression, floats, (N,) or (N, K).
        class_names: The classes, in the order of their labels; None for a regression.
        feature_names: The columns of a table; empty for other data.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] = ()
