"""Numbers of test images that printed accuracies can be counts of, and the steps they make."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_IMAGES = 200_000
SINGLE_PRECISION = 2.0**-23
"""The error of a fraction that was computed, or turned into a percentage, in single precision."""
TWICE = 0.5 + 0.05 + 0.006
"""How far rounding moves a number, in units of its last digit, if it was rounded before."""
_WINDOW = 1.0 + TWICE
BY_LUCK = 0.01
"""A size is named only if it would fit with less than this probability, given the sizes tried."""
_SAME = 1e-9
_MOST_OF_A_TASK = 20_000
"""Test sets of a task that are larger have steps too small to matter."""


def is_count(values: Floats, units: Floats, num: Floats | float) -> NDArray[np.bool_]:
    """Return which printed fractions can be k / num for a whole k, rounded or cut off: (N,).

    Args:
        values: (N,) or broadcastable; fractions as printed.
        units: their last printed digits; 0 for numbers that were not rounded.
        num: images.
    """
    units = np.maximum(units, SINGLE_PRECISION)
    with np.errstate(over="ignore"):  # a number that is no fraction, which other rules name
        lowest = np.ceil((values - TWICE * units) * num - 1e-9)
        highest = np.ceil((values + units) * num - 1e-9) - 1
    return np.asarray(lowest <= highest)


def fitting_sizes(values: Floats, units: Floats, most: int = MOST_IMAGES) -> NDArray[np.int64]:
    """Return every number of images up to ``most`` for which all values are whole counts."""
    sizes = np.arange(2, most + 1, dtype=np.float64)
    # The most precise value leaves the fewest sizes for the others.
    for i in np.argsort(units):
        sizes = sizes[is_count(values[i], units[i], sizes)]
    return sizes.astype(np.int64)


def passing(units: Floats, num: Floats | float) -> Floats:
    """Return the probability that a number with these digits fits a size by luck: (N,)."""
    return np.asarray(np.minimum(1.0, _WINDOW * np.maximum(units, SINGLE_PRECISION) * num))


def smallest_size(values: Floats, units: Floats, most: int = MOST_IMAGES) -> tuple[int, float]:
    """Return the smallest size that fits all values, and the chance that one so small fits by luck.

    Both are 0 and 1 if none up to ``most`` fits.
    """
    sizes = fitting_sizes(values, units, most)
    if not len(sizes):
        return 0, 1.0
    tried = np.arange(2, sizes[0] + 1, dtype=np.float64)
    logs = sum(np.log(passing(np.asarray(unit), tried)) for unit in units)
    return int(sizes[0]), min(1.0, float(np.exp(logs).sum()))


def smallest_steps(
    values: Floats, units: Floats, datasets: Iterable[list[int]], tasks: Iterable[list[int]]
) -> Floats:
    """Return the smallest difference that two accuracies can have, row by row: (rows,).

    It is the smallest difference in the data set, which is no smaller than one image. Each task may
    have a test set of its own, with larger steps, and they are taken if its digits tell them.

    Args:
        values: (rows,), accuracies as printed; NaN where they are missing.
        units: (rows,), their last printed digits.
        datasets: positions of the rows of each data set.
        tasks: those of each level of settings that may be tasks.
    """
    steps = np.full(len(values), _smallest_gap(values, np.inf))
    for rows in datasets:
        steps[rows] = _smallest_gap(values[rows], steps[0])
    for rows in tasks:
        known = np.array([row for row in rows if np.isfinite(values[row])], dtype=int)
        distinct, first = np.unique(values[known], return_index=True)
        size, by_luck = smallest_size(distinct, units[known[first]], _MOST_OF_A_TASK)
        if size and by_luck < BY_LUCK:
            steps[known] = np.maximum(steps[known], 1 / size)
    return steps


def _smallest_gap(values: Floats, otherwise: float) -> float:
    gaps = np.diff(np.unique(values[np.isfinite(values)]))
    gaps = gaps[gaps > _SAME]
    return float(gaps.min()) if len(gaps) else otherwise
