"""Verdicts on rows and numbers: ``MostRows``, ``RatioWithin``, ``LongerThan``, ``GrowsFaster``."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.growth import Slope, slope_of
from analysis.checks.claims.proportions import above
from analysis.checks.claims.ranges import LongerThan, RatioWithin
from analysis.checks.claims.thresholds import share_beyond
from tests.simulation.studies import ALPHA, IMAGES, LEVEL, Cell, Judged, arms, draw, missed

_TIME_SPREAD = 0.05
"""Relative spread of the duration of the same work; the luck of a seed is in parts of it."""
_JUST = 1e-9


def _most(
    first: NDArray[np.float64],
    second: NDArray[np.float64] | None,
    images: int,
    threshold: float,
    num_candidates: int = 1,
) -> tuple[bool, float]:
    """Return whether most rows seem to lie above a threshold, and the p-value."""
    others = np.zeros_like(first) if second is None else second
    other_images = math.inf if second is None else images
    columns = list(zip(first, others, strict=True))
    p_yes = np.array([above(a, images, b, other_images, threshold) for a, b in columns])
    p_no = np.array([above(b, other_images, a, images, -threshold) for a, b in columns])
    return share_beyond(np.minimum(p_yes * num_candidates, 1.0), p_no, 0.5)


def most_rows(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``MostRows``: wrong if the true accuracies of most rows lie on the other side of 90 %."""
    studies = draw(cell, num, rng)
    found = [_most(accuracies, None, cell.images, LEVEL) for accuracies in studies.first]
    truth = (studies.true_first > LEVEL).mean(axis=1) > 0.5
    return _judged(found, truth)


def most_gaps(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``MostRows`` of a difference of two accuracies, such as validation and test."""
    studies = draw(cell, num, rng)
    sides = zip(studies.first, studies.second, strict=True)
    found = [_most(*side, cell.images, 0.0) for side in sides]
    truth = (studies.true_first > studies.true_second).mean(axis=1) > 0.5
    return _judged(found, truth)


def most_best_rows(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``MostRows`` with ``best_by``: the rows of the setting that has the highest mean."""
    studies = draw(cell, num, rng)
    settings = cell.shape[1]
    measured = arms(cell, studies, settings=settings)[0]
    true = studies.true_first.reshape(-1, *cell.shape).transpose(0, 2, 1)
    best = measured.mean(axis=2).argmax(axis=1)
    rows = measured[np.arange(num), best], true[np.arange(num), best]
    found = [_most(values, None, cell.images, LEVEL, settings) for values in rows[0]]
    return _judged(found, (rows[1] > LEVEL).mean(axis=1) > 0.5)


def _judged(found: list[tuple[bool, float]], truth: NDArray[np.bool_]) -> Judged:
    supports, p_values = (np.array(column) for column in zip(*found, strict=True))
    return Judged(p_values.astype(float), supports.astype(bool) != truth)


def _ratios(
    cell: Cell, num: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the true and the measured logarithms of the ratios of durations, about zero."""
    seeds, settings = cell.shape
    luck = rng.normal(0, cell.luck * _TIME_SPREAD, (num, seeds, 1)) if cell.luck else 0.0
    true = np.broadcast_to(luck, (num, seeds, settings)).reshape(num, -1)
    noise = rng.normal(0, _TIME_SPREAD / math.sqrt(2), (2, *true.shape))
    return true, true + noise[0] - noise[1]


def ratio_within(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``RatioWithin``, "at least twice": the ratio is just twice or just less in these runs.

    Both verdicts are about the durations of these runs without their noise.
    """
    claim = RatioWithin("device", "cpu", "cuda", at_least=2.0)
    true, measured = _ratios(cell, num, rng)
    wrong = np.zeros(num, dtype=bool)
    for place, (log_true, log_ratio) in enumerate(zip(true, measured, strict=True)):
        word, _ = claim.decide(2 * np.exp(log_ratio))
        is_so = log_true >= 0 if place % 2 else log_true > 0
        wrong[place] = (word == "supported" and not is_so.all()) or (
            word == "contradicted" and bool(is_so.any())
        )
    return Judged(np.zeros(num), wrong)


def longer_than(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``LongerThan``: two groups of one duration, so that neither takes longer."""
    claim = LongerThan("family", "svm", "resnet")
    true, measured = _ratios(cell, num, rng)
    other = rng.normal(0, _TIME_SPREAD, measured.shape)
    wrong = np.zeros(num, dtype=bool)
    groups = zip(true, np.exp(measured), np.exp(other), strict=True)
    for place, (luck, longer, than) in enumerate(groups):
        word = claim.decide(longer, than)
        wrong[place] = (word == "supported" and luck.min() <= 0) or (
            word == "contradicted" and luck.max() >= 0
        )
    return Judged(np.zeros(num), wrong)


def _slopes(cell: Cell, num: int, rng: np.random.Generator) -> list[Slope]:
    """Return the fitted exponents of costs that grow with the power of 1.

    Test images have no part in it, so other numbers of them would give copies.
    """
    if cell.images != IMAGES[1]:
        return [Slope(*[math.nan] * 5)] * num
    seeds = 1 if cell.one_seed else cell.units
    sizes = np.repeat([1.0, 2, 4, 8, 16][: 3 if cell.units < 6 else 5], seeds)
    found = []
    for _ in range(num):
        luck = rng.normal(0, 0.1 * cell.luck, seeds) if cell.luck else np.zeros(seeds)
        shared = np.tile(luck, len(sizes) // seeds)
        times = sizes * np.exp(rng.normal(0, 0.1, len(sizes)) + shared)
        found.append(slope_of(pd.Series(sizes), pd.Series(times), 1.0, ALPHA))
    return found


def grows_faster(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``GrowsFaster``: the exponent is 1, so "faster" is wrong, and so is "slower"."""
    found = _slopes(cell, num, rng)
    p_values = np.array([2 * min(slope.p_steeper, slope.p_flatter) for slope in found])
    return Judged(p_values, np.ones(num, dtype=bool))


def exponent_interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of an exponent, which is 1."""
    return np.array([missed((s.low, s.high), 1.0) for s in _slopes(cell, num, rng)])
