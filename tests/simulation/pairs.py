"""Verdicts and intervals over matched pairs: ``Higher``, ``LargerAt``, ``Same``, ``Usually``."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.contrasts import undecided_because
from analysis.checks.claims.pairs import Matched, turns
from analysis.stats import Outperforming, Units, fewest_pairs, outperforming, units_of
from tests.simulation.studies import ALPHA, SETTINGS, SPREAD, Cell, Judged, draw, missed, nothing

MARGIN = 0.02
THRESHOLD = 0.75
_JUST = 1e-9


def _decided(units: Units, margin: float = 0.0) -> bool:
    return undecided_because(units, ALPHA, "", margin) is None


def _higher(cell: Cell, gains: NDArray[np.float64], luck: NDArray[np.float64]) -> Judged:
    """Judge gains without an effect: any verdict is wrong.

    At one seed it is about the runs: wrong if their luck, (studies,), has the other sign.
    """
    p_values, wrong = np.full(len(gains), math.nan), np.ones(len(gains), dtype=bool)
    for place, differences in enumerate(gains):
        units = units_of(differences, cell.seeds)
        if _decided(units):
            p_values[place] = units.p_value()
            if cell.has_own_luck:
                wrong[place] = units.mean * luck[place] < 0
    return Judged(p_values, wrong)


def higher(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Higher``: no effect."""
    if cell.is_silent:
        return nothing(num)
    studies = draw(cell, num, rng)
    return _higher(cell, studies.first - studies.second, studies.luck[:, 0])


def larger_at(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``LargerAt``: the effect is one point at both values, each with its own luck."""
    if cell.is_silent:
        return nothing(num)
    at, than_at = (draw(cell, num, rng, 0.01) for _ in range(2))
    gains = (at.first - at.second) - (than_at.first - than_at.second)
    return _higher(cell, gains, (at.luck - than_at.luck)[:, 0])


def turning(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """ "The sign depends on": no effect at any setting, so no sign depends on it."""
    if cell.is_silent or cell.one_seed:
        return nothing(num)
    studies, said = draw(cell, num, rng), np.ones(num)
    setting = np.tile(np.arange(SETTINGS), cell.units).astype(str)
    pairs = pd.DataFrame({"batch_size": setting, "seed": cell.seeds})
    for place, differences in enumerate(studies.first - studies.second):
        if turns(Matched(pairs.assign(difference=differences)), ALPHA):
            said[place] = 0.0
    return Judged(said, np.ones(num, dtype=bool))


def _same(cell: Cell, num: int, rng: np.random.Generator, *, is_within: bool) -> Judged:
    if cell.is_silent:
        return nothing(num)
    truth = MARGIN - _JUST if is_within else MARGIN
    studies = draw(cell, num, rng, truth)
    p_values, wrong = np.full(num, math.nan), np.zeros(num, dtype=bool)
    for place, differences in enumerate(studies.first - studies.second):
        units = units_of(differences, cell.seeds)
        if not _decided(units, MARGIN if units.mean > 0 else -MARGIN):
            continue
        said_within, p_values[place] = units.p_within(MARGIN)
        here = truth + (studies.luck[place, 0] if cell.has_own_luck else 0.0)
        wrong[place] = said_within != (abs(here) < MARGIN)
    return Judged(p_values, wrong)


def same(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Same``: the true difference is the margin itself, so "within it" is wrong."""
    return _same(cell, num, rng, is_within=False)


def not_same(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Same``: the true difference is just within the margin, so "not within it" is wrong."""
    return _same(cell, num, rng, is_within=True)


def _outperforming(
    cell: Cell, num: int, rng: np.random.Generator, effect: float = 0.0
) -> tuple[list[Outperforming], NDArray[np.float64]]:
    """Return what is found of each study, and the luck of its first seed."""
    studies = draw(cell, num, rng, effect)
    differences = studies.first - studies.second
    return [outperforming(d, seeds=cell.seeds) for d in differences], studies.luck[:, 0]


def _decisions(found: list[Outperforming]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    decisions = [one.decides(THRESHOLD, ALPHA) for one in found]
    is_so, p_values = (np.array(column) for column in zip(*decisions, strict=True))
    known = np.isfinite([one.low for one in found])
    return is_so.astype(bool), np.where(known, p_values, math.nan)


def usually(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Usually``: each arm is better in half of the pairs, so "usually" is wrong."""
    if cell.is_silent:
        return nothing(num)
    found, luck = _outperforming(cell, num, rng)
    is_so, p_values = _decisions(found)
    return Judged(p_values, is_so & ~(cell.has_own_luck & (luck > 0)))


def not_usually(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Usually``: P(A > B) is 0.75, so "not usually" is wrong.

    Left out where test images make ties or add to the noise, because P is not known there.
    """
    if cell.is_silent or cell.images < 14_000:
        return nothing(num)
    of_images = 2 * 0.9 * 0.1 / cell.images
    spread = SPREAD * math.sqrt(1 + (0 if cell.one_seed else cell.luck**2) + of_images / SPREAD**2)
    quartile = 0.6744897501960817
    found, luck = _outperforming(cell, num, rng, quartile * spread)
    is_so, p_values = _decisions(found)
    return Judged(p_values, ~is_so & ~(cell.has_own_luck & (luck < 0)))


def _interval(cell: Cell, num: int, rng: np.random.Generator, level: float) -> NDArray[np.float64]:
    if cell.is_silent:
        return np.full(num, math.nan)
    effect, studies = 0.01, draw(cell, num, rng, 0.01)
    luck = studies.luck[:, 0] if cell.one_seed else np.zeros(num)
    fewest = fewest_pairs(ALPHA)
    return np.array(
        [
            missed(units_of(d, cell.seeds).interval(level, fewest), effect + here)
            for d, here in zip(studies.first - studies.second, luck, strict=True)
        ]
    )


def mean_interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of the mean difference: of all seeds, or of the runs at one seed."""
    return _interval(cell, num, rng, 1 - ALPHA)


def equality_interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of ``Same``, which covers 90 %."""
    return _interval(cell, num, rng, 1 - 2 * ALPHA)


def share_interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of P(A > B), which is 0.5; at one seed only without luck."""
    if cell.is_silent or cell.has_own_luck:
        return np.full(num, math.nan)
    found, _ = _outperforming(cell, num, rng)
    return np.array([missed((one.low, one.high), 0.5) for one in found])
