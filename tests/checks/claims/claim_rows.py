"""Hand-made evidence for tests of claims."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.claims.origin import NUM_TEST, NUM_TRAIN, RESULT, RUN, SOURCE
from analysis.claims import Claim, Evidence, Higher

ADAM = Claim("adam", "Adam is more accurate than SGD.", Higher("optimizer", "adam", "sgd"))

Accuracy = Callable[[dict[str, Any]], float]


def grid(
    accuracy: Accuracy, axes: dict[str, Sequence[Any]], seeds: Sequence[int] = (0,)
) -> Evidence:
    """Return a finished study over a grid: every row a trial of its own, accuracies as given."""
    records = []
    for number, (*point, seed) in enumerate(itertools.product(*axes.values(), seeds)):
        record = dict(zip(axes, point, strict=True)) | {"seed": seed}
        record |= {RUN: f"run{number}", RESULT: f"result{number}", SOURCE: "study"}
        records.append(record | {"test_accuracy": accuracy(record)})
    rows = pd.DataFrame(records).assign(**{NUM_TEST: 1_000.0, NUM_TRAIN: 7_000.0}, family="resnet")
    return Evidence("study", "study", rows, tuple(axes))


def two_arms(differences: Sequence[float] | np.ndarray[Any, Any], base: float = 0.8) -> Evidence:
    """Return SGD and Adam at as many seeds as there are differences (Adam minus SGD)."""
    return grid(
        lambda row: base + (differences[row["seed"]] if row["optimizer"] == "adam" else 0.0),
        {"optimizer": ("sgd", "adam")},
        seeds=range(len(differences)),
    )
