"""The interval of the interquartile mean over data sets."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from analysis.stats import interquartile_mean, stratified_interval
from tests.simulation.studies import LUCK, SPREAD, Cell, missed

_LEVELS = {0.0: (0.9, 0.8), 0.5: (0.95, 0.9, 0.8), 1.0: (0.99, 0.97, 0.9, 0.8, 0.7)}
"""The accuracies of the data sets, by the luck of a cell: two, three or five data sets."""
assert set(_LEVELS) == set(LUCK)


def runs_of(cell: Cell, num_seeds: int, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return accuracies (studies, data sets, seeds)."""
    levels = np.array(_LEVELS[cell.luck])[:, None]
    p = (levels + rng.normal(0, SPREAD, (num, len(levels), num_seeds))).clip(0, 1)
    return rng.binomial(cell.images, p) / cell.images


@functools.cache
def truth_of(cell: Cell) -> float:
    return float(interquartile_mean(runs_of(cell, 200_000, 1, np.random.default_rng(0)))[0])


def interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of the interquartile mean; the cells' luck stands for the data sets."""
    if cell.one_seed or cell.is_silent:
        return np.full(num, math.nan)
    studies = runs_of(cell, cell.units, num, rng)
    truth = truth_of(cell)
    return np.array([missed(stratified_interval(scores), truth) for scores in studies])
