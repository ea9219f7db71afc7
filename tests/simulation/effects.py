"""What a grid shows over seeds: effects of factors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.stats.factorial import effects_of
from tests.simulation.studies import SPREAD, Cell, Judged, draw, nothing

_NAMES = ("arm", "setting", "arm × setting")
_WILD = np.array([1.0, 1.0, 1.0, 6.0])
"""How noisy each setting is where settings differ in it."""


def _effects(cubes: NDArray[np.float64], term: int) -> Judged:
    """Judge one term of many cubes (arms, settings, seeds) in which it has no effect."""
    tables = (effects_of(cube, _NAMES, 2, has_seeds=True) for cube in cubes)
    p_values = np.array([table["p_value"].iloc[term] for table in tables])
    return Judged(p_values, np.ones(len(cubes), dtype=bool))


def cubes_of(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    studies = draw(cell, num, rng)
    cubes = np.stack([studies.first, studies.second], axis=1).reshape(num, 2, *cell.shape)
    return cubes.transpose(0, 1, 3, 2)


def effect(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``factorial_effects``, two arms by four settings: the arm has no effect."""
    if cell.is_silent or cell.one_seed:
        return nothing(num)
    return _effects(cubes_of(cell, num, rng), 0)


def interaction(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``factorial_effects``: the arm has the same effect, none, at every setting."""
    if cell.is_silent or cell.one_seed:
        return nothing(num)
    return _effects(cubes_of(cell, num, rng), 2)


def unequal_noise(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``factorial_effects``: no interaction, and one setting has six times the noise."""
    if cell.is_silent or cell.one_seed:
        return nothing(num)
    cubes = cubes_of(cell, num, rng)
    further = SPREAD * (_WILD - 1)[:, None] / math.sqrt(2)
    return _effects(cubes + further * rng.normal(size=cubes.shape), 2)
