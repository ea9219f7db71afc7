"""Rows of a random search: the two halves of a factor, which differ in everything else, too."""

from __future__ import annotations

import numpy as np

from analysis.stats.two_samples import two_samples
from tests.simulation.studies import LEVEL, SETTINGS, SPREAD, Cell, Judged, nothing

_CONFIGURATIONS = 4
"""Configurations for each unit of a cell; half of them on each side."""
_FEWEST_A_SIDE = 5
_OTHER = 0.02
"""Standard deviation of what the other factors change."""


def compared(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """Welch's test of means over seeds. The factor has no effect but the luck of these runs."""
    seeds = 1 if cell.one_seed else cell.units
    half = _CONFIGURATIONS * (cell.units if cell.one_seed else SETTINGS) // 2
    if half < _FEWEST_A_SIDE:
        return nothing(num)
    other = rng.normal(0, _OTHER, (num, 2, half, 1)).clip(-0.04, 0.04)
    luck = rng.normal(0, cell.luck * SPREAD, (num, seeds)) if cell.luck else np.zeros((num, seeds))
    sides = np.stack([luck, -luck], axis=1)[:, :, None, :] / 2
    noise = rng.normal(0, SPREAD / np.sqrt(2), (num, 2, half, seeds))
    true = (LEVEL + other + sides + noise).clip(0, 1)
    means = (rng.binomial(cell.images, true) / cell.images).mean(axis=3)
    found = [two_samples(first, second) for first, second in means]
    differences = np.array([one.difference for one in found])
    is_so = np.sign(differences) == np.sign(luck.mean(axis=1))
    return Judged(np.array([one.p_value for one in found]), ~is_so | (cell.luck == 0))
