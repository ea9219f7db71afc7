"""On which test images trained models are right, from the predictions that they saved."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.origin import PREDICTIONS, TEST_SET
from analysis.frames.saved_predictions import read_predictions
from analysis.stats import image_error
from search_spaces.errors import UserError

_SAME = 1e-9


class Saved(NamedTuple):
    """The true classes of a trained model's test images, and where it is right, (images,) each."""

    labels: NDArray[np.integer]
    right: NDArray[np.bool_]


def saved_images(row: Mapping[Any, Any]) -> Saved | None:
    """Return what a row saved; None unless it gives the recorded accuracy."""
    file = row.get(PREDICTIONS)
    saved = _read(file) if isinstance(file, Path) else None
    agrees = saved and math.isclose(saved.right.mean(), row["test_accuracy"], abs_tol=_SAME)
    return saved if agrees else None


_SAVED = [PREDICTIONS, "test_accuracy"]
"""The columns that ``saved_images`` reads."""


@functools.lru_cache(maxsize=1_024)  # every claim of a report asks for the same files
def _read(file: Path) -> Saved | None:
    try:
        saved = read_predictions(file)
    except UserError:
        return None
    if "labels" not in saved or saved["labels"].shape != saved["predictions"].shape:
        return None
    return Saved(saved["labels"], saved["predictions"] == saved["labels"])


def error_over_images(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Return the standard error that test images add to a mean difference of test accuracies.

    The rows of all settings and seeds were tested on the same images, so the images are the units
    and what happens on one image is a cluster (Miller 2024, arXiv:2411.00640).

    Args:
        first, second: the rows of each side, indexed by pair.

    Returns:
        NaN if it is unknown: a row saved no predictions, or every seed has test images of its own,
        whose sampling is then part of the spread of the seeds.
    """
    if not {PREDICTIONS, TEST_SET, "seed"} <= set(first) or first.empty:
        return math.nan
    test_sets = first[TEST_SET]
    seeds = first["seed"].groupby(test_sets).nunique()
    if (test_sets != second[TEST_SET]).any() or (test_sets == "").any():
        return math.nan
    if (seeds < first["seed"].nunique()).any():
        return math.nan
    squares = 0.0
    for _, pairs in first.groupby(test_sets):
        mean = _mean_by_image(pairs, second)
        if mean is None:
            return math.nan
        squares += (len(pairs) / len(first) * image_error(mean)) ** 2
    return math.sqrt(squares)


def _mean_by_image(pairs: pd.DataFrame, second: pd.DataFrame) -> NDArray[np.float64] | None:
    """Return the mean difference over the pairs of one test set, (images,)."""
    total: NDArray[np.float64] | None = None
    labels: NDArray[np.integer] | None = None
    both = (pairs[_SAVED], second.loc[pairs.index, _SAVED])
    sides = [side.to_dict("records") for side in both]
    for one, other in (map(saved_images, rows) for rows in zip(*sides, strict=True)):
        if one is None or other is None:
            return None
        labels = one.labels if labels is None else labels
        if not all(np.array_equal(labels, saved.labels) for saved in (one, other)):
            return None
        difference = one.right.astype(float) - other.right
        total = difference if total is None else total + difference
    return None if total is None else total / len(pairs)
