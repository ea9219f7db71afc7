"""How often methods err that the package does not use, in the cells that speak against them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from analysis.stats import interquartile_mean, mean_interval, sign_flip
from tests.simulation import images
from tests.simulation.aggregates import runs_of, truth_of
from tests.simulation.effects import cubes_of
from tests.simulation.studies import ALPHA, Cell, draw, missed

SIX = Cell(6, 1.0, 14_000, one_seed=False)
THREE = Cell(3, 1.0, 14_000, one_seed=False)
_SLOW = 8
"""The mixed models take a quarter of a second each, so they are fitted to fewer studies."""


def all_pairs(num: int, rng: np.random.Generator) -> float:
    """Sign flips of all pairs, as if those of a seed were independent."""
    studies = draw(THREE, num, rng)
    differences = studies.first - studies.second
    return float(np.mean([sign_flip(of_study) < ALPHA for of_study in differences]))


def mixed_intercept(num: int, rng: np.random.Generator) -> float:
    """``MixedLM`` of statsmodels, seeds as random intercepts."""
    return _mixed(num, rng, num_random=1)


def mixed_slope(num: int, rng: np.random.Generator) -> float:
    """``MixedLM``, seeds as random intercepts and random effects of the arm."""
    return _mixed(num, rng, num_random=2)


def _mixed(num: int, rng: np.random.Generator, *, num_random: int) -> float:
    from statsmodels.regression.mixed_linear_model import MixedLM

    cubes = cubes_of(SIX, max(num // _SLOW, 1), rng)
    arm, setting, seed = (axis.ravel() for axis in np.indices(cubes.shape[1:]))
    levels = (setting[:, None] == np.arange(1, cubes.shape[2])) - 1 / cubes.shape[2]
    fixed = np.column_stack([np.ones(len(arm)), arm - 0.5, levels])
    wrong = 0
    with warnings.catch_warnings(action="ignore"):
        for cube in cubes:
            warnings.simplefilter("ignore")  # statsmodels sets its own filters
            model = MixedLM(100 * cube.ravel(), fixed, seed, fixed[:, :num_random])
            wrong += model.fit().pvalues[1] < ALPHA
    return wrong / len(cubes)


def seeds_alone(num: int, rng: np.random.Generator) -> float:
    """Student's test over seeds, taken for a verdict about other test images."""
    return images.on_these_images(Cell(6, 0.0, 160, one_seed=False), num, rng).share()


def wilson(num: int, rng: np.random.Generator) -> float:
    """Wilson's interval of one accuracy of 95 % to 100 %."""
    from statsmodels.stats.proportion import proportion_confint

    true = rng.uniform(0.95, 1.0, num)
    low, high = proportion_confint(rng.binomial(20, true), 20, method="wilson")
    return float(np.mean((true < low) | (true > high)))


def plain_clusters(num: int, rng: np.random.Generator) -> float:
    """The clustered error of a mean difference without the two added images."""
    right = [(rng.random((num, 20)) < share).astype(float) for share in (0.99, 0.95)]
    return float(np.mean([missed(mean_interval(one), 0.04) for one in right[0] - right[1]]))


def percentiles(num: int, rng: np.random.Generator) -> float:
    """The percentiles of the stratified bootstrap of the interquartile mean, as they are."""
    cell = Cell(6, 0.0, 14_000, one_seed=False)
    truth, wrong = truth_of(cell), 0.0
    for scores in runs_of(cell, cell.units, num, rng):
        places = rng.integers(cell.units, size=(1_000, *scores.shape))
        drawn = interquartile_mean(np.take_along_axis(scores[None], places, axis=2))
        low, high = np.quantile(drawn, [ALPHA / 2, 1 - ALPHA / 2])
        wrong += missed((float(low), float(high)), truth)
    return wrong / num


ALTERNATIVES: dict[str, tuple[str, Callable[[int, np.random.Generator], float]]] = {
    "sign flips of all pairs": ("3 seeds, equal luck", all_pairs),
    "MixedLM, seeds as random intercepts": ("6 seeds, equal luck", mixed_intercept),
    "MixedLM, and as random effects of the arm": ("6 seeds, equal luck", mixed_slope),
    "a test over seeds, of other test images": ("6 seeds, the same 160 test images", seeds_alone),
    "Wilson's interval": ("one accuracy above 95 %, 20 images", wilson),
    "clustered errors as they are": ("models of 99 % and 95 %, 20 images", plain_clusters),
    "percentiles of the bootstrap": ("interquartile mean, 2 data sets, 6 seeds", percentiles),
}
"""Method -> the studies that it was tried on, and the share in which it errs."""
