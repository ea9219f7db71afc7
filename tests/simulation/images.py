"""Verdicts and intervals where all seeds and settings are tested on the same images."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.stats import image_error, units_of
from tests.simulation.studies import ALPHA, SETTINGS, SPREAD, Cell, Judged, missed, nothing

_HARD = 0.2
"""The share of images on which models fail; each arm has its own among them."""
_BETTER = 0.1


def by_image(
    cell: Cell, num: int, rng: np.random.Generator, better: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean difference of each seed, (studies, seeds), and of each image.

    The first arm is better on some hard images and the second on others, equally often, and on
    all of them by twice ``better``, as far as probabilities allow.
    """
    seeds, settings = cell.shape
    num_hard = rng.binomial(cell.images, _HARD, num)
    hard = np.arange(num_hard.max()) < num_hard[:, None]  # on the others all are right
    middle, apart = rng.beta(2, 2, hard.shape), rng.uniform(-0.3, 0.3, hard.shape)
    luck = rng.normal(0, cell.luck * SPREAD, (num, seeds)) if cell.luck else np.zeros((num, seeds))
    of_seeds, of_images = np.zeros((num, seeds)), np.zeros((num, cell.images))
    for seed in range(seeds):
        lifted = apart + luck[:, seed, None] / 2 / _HARD + better
        difference = np.zeros(hard.shape)
        for sign in (1, -1):
            p = (middle + sign * lifted).clip(0, 1)
            difference += sign * rng.binomial(settings, p) / settings
        difference *= hard
        of_seeds[:, seed] = difference.sum(axis=1) / cell.images
        of_images[:, : hard.shape[1]] += difference / seeds
    return of_seeds, of_images


@functools.cache
def _truth(cell: Cell) -> float:
    many = replace(cell, images=2_000_000)
    return float(by_image(many, 1, np.random.default_rng(0), _BETTER)[1].mean())


def _in_parts(cell: Cell, num: int) -> list[int]:
    """Return numbers of studies that fit into memory."""
    part = max(1, 2_000_000 // cell.images)
    return [min(part, num - begun) for begun in range(0, num, part)]


def on_other_images(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """``Higher`` about settings, over seeds and images: neither arm is better on all images."""
    if cell.one_seed or cell.is_silent:
        return nothing(num)
    p_values = []
    for part in _in_parts(cell, num):
        for seeds, images in zip(*by_image(cell, part, rng), strict=True):
            differences = np.repeat(seeds, SETTINGS)
            units = units_of(differences, cell.seeds)
            p_values.append(units.with_images(image_error(images), 1 - ALPHA)[1])
    return Judged(np.array(p_values), np.ones(num, dtype=bool))


def on_these_images(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """What the test over seeds alone would say of all images: it is about those of the study."""
    if cell.one_seed or cell.is_silent:
        return nothing(num)
    p_values = []
    for part in _in_parts(cell, num):
        seeds, _ = by_image(cell, part, rng)
        p_values += [units_of(np.repeat(s, SETTINGS), cell.seeds).p_value() for s in seeds]
    return Judged(np.array(p_values), np.ones(num, dtype=bool))


def interval(cell: Cell, num: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The interval of the mean difference for other seeds and test images."""
    if cell.one_seed or cell.is_silent:
        return np.full(num, math.nan)
    truth, found = _truth(replace(cell, units=1, luck=0.0)), []
    for part in _in_parts(cell, num):
        for seeds, images in zip(*by_image(cell, part, rng, _BETTER), strict=True):
            units = units_of(np.repeat(seeds, SETTINGS), cell.seeds)
            over, _ = units.with_images(image_error(images), 1 - ALPHA)
            found.append(missed(over, truth))
    return np.array(found)
