"""Verdicts on picks and on trained models: ``BestOf``, ``BestHas``, McNemar, published numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import between_seeds
from analysis.checks.claims.picks import against_best
from analysis.checks.claims.proportions import two_accuracies
from analysis.labs.comparison import difference_to_published
from analysis.stats import mcnemar_of_counts, proportion_interval
from tests.simulation.studies import (
    LEVEL,
    SETTINGS,
    SPREAD,
    Cell,
    Judged,
    arms,
    draw,
    missed,
    nothing,
)

_ONE_RIGHT = 0.06
"""Share of the images that only one of two models classifies correctly."""


def _configurations(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return means, their run variances and degrees of freedom, (studies, configurations).

    Args:
        values: (studies, configurations, seeds), measured accuracies.
    """
    num, num_configurations, num_seeds = values.shape
    means = values.mean(axis=2)
    if num_seeds == 1:
        return means, np.zeros_like(means), np.full_like(means, np.inf)
    study = np.repeat(np.arange(num), num_configurations)
    joined = pd.DataFrame({"dataset": study, "num_seeds": num_seeds})
    variance, df = between_seeds(joined, pd.Series(values.var(axis=2, ddof=1).ravel()))
    return means, variance.reshape(means.shape) / num_seeds, df.reshape(means.shape)


def best_of(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``BestOf``: the same setting twice; at one seed the first of each arm, as two models."""
    studies = draw(cell, num, rng)
    means, variance, df = _configurations(np.concatenate(arms(cell, studies, settings=1), axis=1))
    images = np.full(num, float(cell.images))
    p_values = two_accuracies(
        *(means[:, 0], images, means[:, 1], images),  # type: ignore[arg-type]
        run_variance=variance.sum(axis=1),
        run_df=df.min(axis=1),
    )
    wrong = np.ones(num, dtype=bool)
    if cell.one_seed:
        true = studies.true_first[:, 0] - studies.true_second[:, 0]
        wrong = (means[:, 0] - means[:, 1]) * true <= 0
    return Judged(p_values, wrong)


def image_by_image(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """McNemar's test: both models are right equally often."""
    only_one = rng.binomial(cell.images, _ONE_RIGHT, num)
    only_first = rng.binomial(only_one, 0.5)
    pairs = zip(only_first.tolist(), (only_one - only_first).tolist(), strict=True)
    p_values = np.array([mcnemar_of_counts(*pair) for pair in pairs])
    return Judged(p_values, np.ones(num, dtype=bool))


def _best_has(cell: Cell, num: int, rng: np.random.Generator, settings: int) -> Judged:
    """Judge configurations of which both arms have equals, so that no arm has the best.

    At one seed the verdict is about the runs: wrong if the truly best run is of the other arm.
    """
    studies = draw(cell, num, rng)
    columns = _configurations(np.concatenate(arms(cell, studies, settings=settings), axis=1))
    images = np.full(2 * settings, float(cell.images))
    arm = np.repeat([0, 1], settings)
    p_values, wrong = np.ones(num), np.ones(num, dtype=bool)
    for study, (means, variance, df) in enumerate(zip(*columns, strict=True)):
        found = against_best(means, images, variance, df)
        best = arm[int(np.argmax(means))]
        p_values[study] = found[arm != best].max()
        if cell.one_seed:
            true = [studies.true_first[study].max(), studies.true_second[study].max()]
            wrong[study] = int(np.argmax(true)) != best
    return Judged(p_values, wrong)


def best_has(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``BestHas`` among two configurations; at one seed among all settings of both arms."""
    return _best_has(cell, num, rng, cell.shape[1] if cell.one_seed else 1)


def best_of_many_has(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``BestHas`` among the four settings of both arms, at several seeds."""
    if cell.one_seed:
        return nothing(num)
    return _best_has(cell, num, rng, SETTINGS)


def _beside(
    cell: Cell, num: int, rng: np.random.Generator
) -> tuple[list[tuple[float, float]], NDArray[np.float64]]:
    """Return our intervals beside one published run of the setting, and the true differences.

    They are zero for several seeds, and that of the two trained models for one.
    """
    seeds = 1 if cell.one_seed else cell.units
    spread = SPREAD * math.hypot(1, cell.luck) / math.sqrt(2)
    runs = (LEVEL + rng.normal(0, spread, (num, seeds + 1))).clip(0, 1)
    shares = rng.binomial(cell.images, runs) / cell.images
    ours, theirs = shares[:, :-1], shares[:, -1]
    found = [
        difference_to_published(
            *(float(values.mean()), cell.images, float(other), cell.images),
            spread=float(values.std(ddof=1)) if seeds > 1 else 0.0,
            num_seeds=seeds,
        )
        for values, other in zip(ours, theirs, strict=True)
    ]
    return found, (runs[:, 0] - runs[:, 1]) if seeds == 1 else np.zeros(num)


def beside_published(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of ours minus a published accuracy."""
    if cell.one_seed and cell.units > 2:
        return np.full(num, math.nan)  # one run beside one
    found, truths = _beside(cell, num, rng)
    return np.array([missed(one, truth) for one, truth in zip(found, truths, strict=True)])


def accuracy_interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of one accuracy, for models between 80 % and 100 %."""
    true = rng.uniform(0.8, 1.0, num)
    counts = rng.binomial(cell.images, true)
    return np.array(
        [
            missed(proportion_interval(int(count), cell.images), p)
            for count, p in zip(counts, true, strict=True)
        ]
    )
