"""How often each verdict is wrong and each interval misses, in studies of one kind."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.checks.claims.configurations import between_seeds
from analysis.checks.claims.contrasts import undecided_because
from analysis.checks.claims.picks import against_best
from analysis.checks.claims.proportions import above, two_accuracies
from analysis.checks.claims.thresholds import share_beyond, slope_of
from analysis.stats import fewest_pairs, outperforming, proportion_interval, units_of
from analysis.stats.factorial import terms_of
from analysis.stats.noise import noise_of
from tests.simulation.studies import LEVEL, SETTINGS, SPREAD, Cell, Studies, draw

ALPHA = 0.05
Judge = Callable[[Cell, int, np.random.Generator], float]
"""Cell, number of studies, generator -> the share that is wrong; NaN where nothing is said."""


def higher(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``Higher`` and ``LargerAt``: no effect, so any verdict is wrong.

    At one seed the verdict is about the runs: wrong if their luck has the other sign.
    """
    studies, said, wrong = draw(cell, num, rng), 0, 0
    for place, differences in enumerate(studies.first - studies.second):
        units = units_of(differences, cell.seeds)
        if undecided_because(units, ALPHA, "") is not None:
            continue
        said += 1
        if units.p_value() < ALPHA:
            luck = studies.luck[place, 0]
            wrong += not (cell.one_seed and cell.luck) or units.mean * luck < 0
    return wrong / num if said else math.nan


def higher_interval(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """The interval of the mean difference: of all seeds, or of the runs at one seed."""
    effect, missed, said = 0.01, 0, 0
    studies = draw(cell, num, rng, effect)
    for place, differences in enumerate(studies.first - studies.second):
        interval = units_of(differences, cell.seeds).interval(1 - ALPHA)
        if math.isfinite(interval.low):
            truth = effect + (studies.luck[place, 0] if cell.one_seed else 0.0)
            said += 1
            missed += not _holds(interval, truth)
    return missed / said if said else math.nan


def same(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``Same``: the true difference is the margin itself, so "within it" is wrong."""
    margin, said, wrong = 0.02, 0, 0
    studies = draw(cell, num, rng, margin)
    for place, differences in enumerate(studies.first - studies.second):
        units = units_of(differences, cell.seeds)
        if undecided_because(units, ALPHA, "") is not None:
            continue
        said += 1
        truth = margin + (studies.luck[place, 0] if cell.one_seed else 0.0)
        inside, p_value = units.p_within(margin)
        wrong += p_value < ALPHA and inside and truth >= margin
    return wrong / num if said else math.nan


def usually(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``Usually``: each arm is better in half of the pairs, so "usually" is wrong."""
    studies, said, wrong = draw(cell, num, rng), 0, 0
    for place, differences in enumerate(studies.first - studies.second):
        found = outperforming(differences, seeds=cell.seeds)
        if math.isfinite(found.low):
            said += 1
            is_so, p_value = found.decides(0.75, ALPHA)
            truth = cell.one_seed and studies.luck[place, 0] > 0
            wrong += p_value < ALPHA and is_so and not truth
    return wrong / num if said else math.nan


def usually_interval(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """The interval of P(A > B), which is 0.5; at one seed only without luck."""
    if cell.one_seed and cell.luck:
        return math.nan
    studies = draw(cell, num, rng)
    found = [outperforming(d, seeds=cell.seeds) for d in studies.first - studies.second]
    known = [one for one in found if math.isfinite(one.low)]
    return np.mean([not one.low <= 0.5 <= one.high for one in known]).item() if known else math.nan


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] - 1e-12 <= truth <= interval[1] + 1e-12


def _configurations(cell: Cell, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means, their run variances and degrees of freedom, (studies, configurations).

    Args:
        cell: the kind of study.
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


def _arms(cell: Cell, studies: Studies, *, settings: int) -> list[np.ndarray]:
    """Return each arm's accuracies, (studies, settings, seeds)."""
    shape = (-1, *cell.shape)
    arms = (studies.first, studies.second)
    return [arm.reshape(shape)[:, :, :settings].transpose(0, 2, 1) for arm in arms]


def best_of(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``BestOf``: the same setting twice; at one seed the first of each arm, as two models."""
    studies = draw(cell, num, rng)
    arms = np.concatenate(_arms(cell, studies, settings=1), axis=1)
    means, variance, df = _configurations(cell, arms)
    images = np.full(num, float(cell.images))
    p_values = two_accuracies(
        *(means[:, 0], images, means[:, 1], images),  # type: ignore[arg-type]
        run_variance=variance.sum(axis=1),
        run_df=df.min(axis=1),
    )
    wrong = p_values < ALPHA
    if cell.one_seed:
        true = studies.true_first[:, 0] - studies.true_second[:, 0]
        wrong &= (means[:, 0] - means[:, 1]) * true <= 0
    return float(wrong.mean())


def best_has(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``BestHas``: configurations of one quality, so a verdict on the arm of the best is wrong.

    At one seed it is about the runs: wrong if the truly best run is of the other arm.
    """
    studies, wrong = draw(cell, num, rng), 0
    settings = cell.shape[1] if cell.one_seed else 1
    columns = _configurations(cell, np.concatenate(_arms(cell, studies, settings=settings), axis=1))
    images = np.full(2 * settings, float(cell.images))
    arm = np.repeat([0, 1], settings)
    for study, (means, variance, df) in enumerate(zip(*columns, strict=True)):
        p_values = against_best(means, images, variance, df)
        best = arm[int(np.argmax(means))]
        if p_values[arm != best].max() >= ALPHA:
            continue
        true = [studies.true_first[study].max(), studies.true_second[study].max()]
        wrong += not cell.one_seed or int(np.argmax(true)) != best
    return wrong / num


def most_rows(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``MostRows``: wrong if the true accuracies of most rows lie on the other side of 90 %."""
    studies, wrong = draw(cell, num, rng), 0
    for accuracies, true in zip(studies.first, studies.true_first, strict=True):
        sides = [
            np.array([above(*pair, LEVEL * sign) for pair in pairs])
            for sign, pairs in (
                (1, [(a, cell.images, 0.0, math.inf) for a in accuracies]),
                (-1, [(0.0, math.inf, a, cell.images) for a in accuracies]),
            )
        ]
        supports, p_value = share_beyond(*sides, 0.5)
        wrong += p_value < ALPHA and supports != bool((true > LEVEL).mean() > 0.5)
    return wrong / num


def grows_faster(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``GrowsFaster``: the exponent is 1, so "faster" is wrong, and so is "slower"."""
    if cell.images != 160:
        return math.nan  # no accuracies in it
    seeds = 1 if cell.one_seed else cell.units
    sizes = np.repeat([1.0, 2, 4, 8, 16], seeds)
    wrong = 0
    for _ in range(num):
        luck = rng.normal(0, 0.1 * cell.luck, seeds) if cell.luck else np.zeros(seeds)
        times = sizes * np.exp(rng.normal(0, 0.1, len(sizes)) + np.tile(luck, 5))
        found = slope_of(pd.Series(sizes), pd.Series(times), 1.0, ALPHA)
        wrong += 2 * min(found.p_steeper, found.p_flatter) < ALPHA
    return wrong / num


def factorial(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``factorial_effects``, two levels by four: no effect of the first factor."""
    if cell.one_seed or cell.units < fewest_pairs(ALPHA):
        return math.nan
    studies, wrong = draw(cell, num, rng), 0
    for values in zip(studies.first, studies.second, strict=True):
        cube = np.stack(values).reshape(2, cell.units, SETTINGS).transpose(0, 2, 1)
        terms = terms_of(cube, 2, has_seeds=True)
        arm, error = terms[0,], terms[0, 2]
        wrong += stats.f.sf(arm.squares / (error.squares / error.df), arm.df, error.df) < ALPHA
    return wrong / num


def accuracy_interval(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """The interval of one accuracy, for models between 80 % and 100 %."""
    true = rng.uniform(0.8, 1.0, num)
    counts = rng.binomial(cell.images, true)
    return float(
        np.mean(
            [
                not _holds(proportion_interval(int(count), cell.images), p)
                for count, p in zip(counts, true, strict=True)
            ]
        )
    )


def noise_interval(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """The interval of the noise of a run, from a placebo's pairs."""
    if cell.luck or not cell.one_seed or cell.units < fewest_pairs(ALPHA):
        return math.nan  # both runs of a pair have the luck
    pairs = cell.shape[0] * cell.shape[1]
    sd = math.sqrt(SPREAD**2 / 2 + LEVEL * (1 - LEVEL) / cell.images)
    missed = 0
    for _ in range(num):
        p = LEVEL + rng.normal(0, SPREAD / math.sqrt(2), (2, pairs))
        found = noise_of(np.subtract(*rng.binomial(cell.images, p)) / cell.images)
        missed += not found.sd_low <= sd <= found.sd_high
    return missed / num


VERDICTS: dict[str, Judge] = {
    "Higher, LargerAt": higher,
    "Same": same,
    "Usually": usually,
    "BestOf": best_of,
    "BestHas": best_has,
    "MostRows": most_rows,
    "GrowsFaster": grows_faster,
    "factorial_effects": factorial,
}
INTERVALS: dict[str, Judge] = {
    "mean difference": higher_interval,
    "share of pairs": usually_interval,
    "one accuracy": accuracy_interval,
    "noise of a run": noise_interval,
}
