"""The part of q1a that peers run: all combinations of what changes how long an epoch takes.

Data set, learning rate and pin_memory do not change it on a CPU. Each configuration of the part is
run with the fewest epochs, and stands for as many rows of q1a as every other one.
"""

from __future__ import annotations

import math
from collections import Counter

from search_spaces.q1a import SPACE
from tests.benchmarks.peers.work import Grid

TIMED = ("model", "batch_size", "optimizer")
SPLIT = "optimizer"
"""Each half of the part, before ours and after it, has one of its values."""


def part() -> Grid:
    """Return what peers run."""
    values: Grid = {name: SPACE.param_space[name]["grid_search"] for name in (*TIMED, "epochs")}
    return {**values, "epochs": [min(values["epochs"])]}


def halves() -> list[Grid]:
    """Return the part as one grid before ours and one after it."""
    return [{**part(), SPLIT: [value]} for value in part()[SPLIT]]


def rows_of_trial() -> dict[int, int]:
    """Return number of epochs -> the rows of q1a that a trial of the part stands for."""
    num_trials = math.prod(len(values) for values in part().values())
    rows = Counter(row.config["epochs"] for row in SPACE.expand())
    return {epochs: number // num_trials for epochs, number in rows.items()}


def num_epochs() -> int:
    """Return the epochs of all rows of q1a, each trained on its own."""
    return sum(row.config["epochs"] for row in SPACE.expand())
