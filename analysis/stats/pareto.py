"""Several objectives at once: the Pareto front, and the volume that it dominates.

Values are such that smaller is better; multiply by -1 what is to be large.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def on_front(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which points no other point dominates, (n,).

    A point dominates another if it is better in one objective and worse in none. Equal points do
    not dominate each other.

    Args:
        values: (n, objectives), smaller is better.
    """
    points = np.asarray(values, dtype=float)
    found = np.ones(len(points), dtype=bool)
    for place, point in enumerate(points):
        dominates = (points <= point).all(axis=1) & (points < point).any(axis=1)
        found[place] = not dominates.any()
    return found


def hypervolume(values: ArrayLike, reference: ArrayLike) -> float:
    """Return the exact volume that points dominate, up to a reference point.

    The volume is cut into slices along the last objective, each of which is a hypervolume of one
    objective fewer (While et al. 2006, section 3).

    Args:
        values: (n, objectives), smaller is better.
        reference: (objectives,); a point that is worse in one of them adds nothing.
    """
    worst = np.asarray(reference, dtype=float)
    points = np.asarray(values, dtype=float).reshape(-1, len(worst))
    points = points[(points < worst).all(axis=1)]
    if not len(points):
        return 0.0
    if len(worst) == 1:
        return float(worst[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    ends = [*points[1:, -1], worst[-1]]
    volume = 0.0
    for place, end in enumerate(ends):
        depth = end - points[place, -1]
        if depth > 0:
            volume += depth * hypervolume(points[: place + 1, :-1], worst[:-1])
    return float(volume)
