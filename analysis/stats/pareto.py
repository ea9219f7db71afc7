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
    points, inverse = np.unique(np.asarray(values, dtype=float), axis=0, return_inverse=True)
    found = np.zeros(len(points), dtype=bool)
    # They are sorted by the first objective, then by the next. So the first one that is left is
    # dominated by none, and what it dominates can be left out.
    left = np.arange(len(points))
    while len(left):
        found[left[0]] = True
        left = left[(points[left] < points[left[0]]).any(axis=1)]
    return found[inverse.reshape(-1)]


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
    points = points[on_front(points)]
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
