"""What tables with a planted defect have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import Options
from tests.checks.audit.writing import Floats, Rng, accuracies, crossed, file_of, printed, seconds

Defect = Callable[[Rng], tuple[str, Options]]
PLANTED: dict[str, tuple[str, Defect]] = {}
"""What was done to a table -> the rule that should find it, and a function that makes one."""
NUM_TEST = 10_000
ACC, TIME = "Test Acc (%)", "Time (ms)"


def plant(kind: str, rule: str) -> Callable[[Defect], Defect]:
    """Add a function to ``PLANTED``."""

    def register(make: Defect) -> Defect:
        PLANTED[kind] = (rule, make)
        return make

    return register


def small_grid() -> pd.DataFrame:
    """Return 32 settings."""
    return crossed(
        {
            "Model": ["ResNet-18", "ResNet-50"],
            "Optimizer": ["SGD", "Adam"],
            "LR": [0.01, 0.001],
            "Batch Size": [32, 64],
            "Epochs": [5, 10],
        }
    )


def run(rng: Rng, plan: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return settings with the accuracies, in percent, and times of honest runs."""
    frame = small_grid() if plan is None else plan
    time = seconds(rng, frame) * 1e3
    return frame.assign(**{ACC: 100 * accuracies(rng, frame, NUM_TEST), TIME: time})


def written(rng: Rng, frame: pd.DataFrame, decimals: int = 2) -> tuple[str, Options]:
    """Return a table as a file with its usual digits."""
    columns = {ACC: printed(frame[ACC].to_numpy(float), decimals)}
    columns[TIME] = printed(frame[TIME].to_numpy(float), 2)
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=NUM_TEST)


def copied(
    rng: Rng, frame: pd.DataFrame, column: str, change: Callable[[Floats], Floats], share: float
) -> pd.DataFrame:
    """Make an arm from another one: the second model's rows from the first's."""
    rounded = np.round(frame[column].to_numpy(float), 2)
    first = np.flatnonzero(frame["Model"] == "ResNet-18")
    second = np.flatnonzero(frame["Model"] == "ResNet-50")
    some = rng.permutation(len(first))[: round(share * len(first))]
    rounded[second[some]] = change(rounded[first[some]])
    return frame.assign(**{column: rounded})
