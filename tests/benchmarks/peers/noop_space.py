"""The trial that trains nothing, as a search space of this package."""

from __future__ import annotations

from typing import Any

from ray import tune

from tests.benchmarks.peers.trial import rows
from tune_app import SearchSpace

NUM_TRIALS = 128


def train(config: dict[str, Any]) -> None:
    for row in rows(config):
        tune.report(row)


SPACE = SearchSpace(
    name="noop",
    trainable=train,
    param_space={"number": tune.grid_search(list(range(NUM_TRIALS))), "epochs": 0},
    metric="val_accuracy",
    mode="max",
)
