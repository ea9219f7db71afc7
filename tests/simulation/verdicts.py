"""How often each verdict is wrong and each interval misses, in studies of one kind."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.checks.claims.configurations import configurations_of
from analysis.checks.claims.contrasts import undecided_because
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.picks import against_best
from analysis.checks.claims.proportions import above, two_accuracies
from analysis.checks.claims.thresholds import share_beyond, slope_of
from analysis.stats import fewest_pairs, noise_floor, outperforming, proportion_interval, units_of
from analysis.stats.factorial import terms_of
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


def _joined(cell: Cell, studies: Studies) -> pd.DataFrame:
    """Return the configurations of all studies: an arm at several seeds, or an arm's settings."""
    num = len(studies.first)
    settings = cell.shape[1] if cell.one_seed else 1
    frames = []
    for arm, values in enumerate((studies.first, studies.second)):
        of_seeds = values.reshape(num, cell.shape[0], cell.shape[1])[:, :, :settings]
        study, seed, setting = (axis.ravel() for axis in np.indices(of_seeds.shape))
        frames.append(
            pd.DataFrame({"dataset": study, "arm": arm, "setting": setting, "seed": seed}).assign(
                test_accuracy=of_seeds.ravel()
            )
        )
    rows = pd.concat(frames, ignore_index=True)
    rows = rows.assign(num_test=float(cell.images), source="s")
    rows["run"] = rows["result"] = [str(n) for n in range(len(rows))]
    evidence = Evidence("s", "study", rows, ("dataset", "arm", "setting"))
    return configurations_of(evidence, "test_accuracy", "pin_memory")


def best_of(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``BestOf``: the same setting twice; at one seed the first of each arm, as two models."""
    studies = draw(cell, num, rng)
    joined = _joined(cell, studies)
    first, second = (
        joined[(joined["arm"] == arm) & (joined["setting"] == 0)].set_index("dataset").sort_index()
        for arm in (0, 1)
    )
    p_values = np.array(
        [
            two_accuracies(
                a,
                cell.images,
                np.array([b]),
                np.array([float(cell.images)]),
                run_variance=variance,
                run_df=df,
            )[0]
            for a, b, variance, df in zip(
                first["test_accuracy"],
                second["test_accuracy"],
                first["run_variance"] + second["run_variance"],
                np.minimum(first["run_df"], second["run_df"]),
                strict=True,
            )
        ]
    )
    wrong = p_values < ALPHA
    if cell.one_seed:
        seen = (first["test_accuracy"] - second["test_accuracy"]).to_numpy()
        wrong &= seen * (studies.true_first[:, 0] - studies.true_second[:, 0]) <= 0
    return float(wrong.mean())


def best_has(cell: Cell, num: int, rng: np.random.Generator) -> float:
    """``BestHas``: configurations of one quality, so a verdict on the arm of the best is wrong.

    At one seed it is about the runs: wrong if the truly best run is of the other arm.
    """
    studies, wrong = draw(cell, num, rng), 0
    joined = _joined(cell, studies).sort_values("dataset", kind="stable")
    arms, *columns = (
        joined[name].to_numpy().reshape(num, -1)
        for name in ("arm", "test_accuracy", "num_test", "run_variance", "run_df")
    )
    for study, (arm, *values) in enumerate(zip(arms, *columns, strict=True)):
        p_values = against_best(*values)
        best = arm[int(np.argmax(values[0]))]
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
    if cell.luck or not cell.one_seed:
        return math.nan  # both runs of a pair have the luck
    pairs = cell.shape[0] * cell.shape[1]
    sd = math.sqrt(SPREAD**2 / 2 + LEVEL * (1 - LEVEL) / cell.images)
    frame = pd.DataFrame({"pin": [0, 1] * pairs, "setting": np.repeat(np.arange(pairs), 2)})
    missed = 0
    for _ in range(num):
        p = LEVEL + rng.normal(0, SPREAD / math.sqrt(2), 2 * pairs)
        y = rng.binomial(cell.images, p) / cell.images
        found = noise_floor(frame.assign(y=y), "pin", "y", ["setting"])
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
