"""Holm's correction of the p-values of a family of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's (1979) adjusted p-values (n,). NaN stays NaN and does not count.

    The result equals ``multipletests(..., method="holm")`` of statsmodels, which runs the garbage
    collector on every call and takes a tenth of a second.
    """
    adjusted = np.asarray(p_values, dtype=float).copy()
    tested = np.flatnonzero(np.isfinite(adjusted))
    order = tested[np.argsort(adjusted[tested])]
    scaled = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
