"""Draw studies of two arms: seeds with shared luck, settings, and a number of test images."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.stats import fewest_pairs

UNITS = (2, 3, 6, 10)
LUCK = (0.0, 0.5, 1.0)
IMAGES = (20, 160, 14_000)
SETTINGS = 4
"""Settings at each of several seeds."""
SPREAD = 0.01
"""Standard deviation of the difference of one pair, without luck and test images."""
LEVEL = 0.9
ALPHA = 0.05


@dataclass(frozen=True)
class Cell:
    """One kind of study.

    Attributes:
        units: the seeds, with ``SETTINGS`` settings each; at one seed the settings.
        luck: what the pairs of a seed share, in standard deviations of a pair.
        images: test images.
        one_seed: whether there is one seed.
    """

    units: int
    luck: float
    images: int
    one_seed: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Seeds and settings."""
        return (1, self.units) if self.one_seed else (self.units, SETTINGS)

    @property
    def seeds(self) -> NDArray[np.intp]:
        """The seed of each pair."""
        return np.repeat(np.arange(self.shape[0]), self.shape[1])

    @property
    def is_silent(self) -> bool:
        """Whether there are too few units for a verdict over pairs or seeds."""
        return self.units < fewest_pairs(ALPHA)

    @property
    def has_own_luck(self) -> bool:
        """Whether the runs differ by their luck, so that a verdict for them may be right."""
        return self.one_seed and self.luck > 0


def all_cells() -> Iterator[Cell]:
    """Yield every kind of study."""
    for one_seed, units, luck, images in itertools.product((False, True), UNITS, LUCK, IMAGES):
        yield Cell(units, luck, images, one_seed)


@dataclass(frozen=True)
class Judged:
    """What one test says of many studies.

    Attributes:
        p_values: (studies,), NaN where nothing is said.
        wrong: (studies,), whether what a small p-value says is not so.
    """

    p_values: NDArray[np.float64]
    wrong: NDArray[np.bool_]

    def share(self) -> float:
        """Return the share of wrong studies; NaN where nothing is said in any."""
        if np.isnan(self.p_values).all():
            return math.nan
        return float(np.mean((self.p_values < ALPHA) & self.wrong))


def nothing(num: int) -> Judged:
    """Return what is said of studies on which nothing is."""
    return Judged(np.full(num, math.nan), np.zeros(num, dtype=bool))


@dataclass(frozen=True)
class Studies:
    """Many studies of one kind.

    Attributes:
        first, second: (studies, pairs), the measured accuracies of both arms.
        true_first, true_second: (studies, pairs), those on all images there could be.
        luck: (studies, seeds), what each seed adds to all its differences.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    true_first: NDArray[np.float64]
    true_second: NDArray[np.float64]
    luck: NDArray[np.float64]


def draw(cell: Cell, num: int, rng: np.random.Generator, effect: float = 0.0) -> Studies:
    """Draw studies in which the first arm is better by ``effect``, a difference of accuracies."""
    seeds, settings = cell.shape
    level = LEVEL + rng.normal(0, 0.02, (num, 1, settings)).clip(-0.04, 0.04)
    luck = rng.normal(0, cell.luck * SPREAD, (num, seeds)) if cell.luck else np.zeros((num, seeds))
    half = (luck[:, :, None] + effect) / 2
    noise = rng.normal(0, SPREAD / np.sqrt(2), (2, num, seeds, settings))
    true = [(level + half + noise[0]).clip(0, 1), (level - half + noise[1]).clip(0, 1)]
    measured = [rng.binomial(cell.images, p) / cell.images for p in true]
    flat = [values.reshape(num, -1) for values in (*measured, *true)]
    return Studies(*flat, luck=luck)


def arms(cell: Cell, studies: Studies, *, settings: int) -> list[NDArray[np.float64]]:
    """Return each arm's accuracies, (studies, settings, seeds)."""
    shape = (-1, *cell.shape)
    sides = (studies.first, studies.second)
    return [side.reshape(shape)[:, :, :settings].transpose(0, 2, 1) for side in sides]


def missed(interval: tuple[float, float], truth: float) -> float:
    """Return 1 if an interval does not hold the truth, 0 if it does, NaN if it is unknown."""
    if math.isnan(interval[0]):
        return math.nan
    return float(not interval[0] - 1e-12 <= truth <= interval[1] + 1e-12)
