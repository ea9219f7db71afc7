"""``GRID``: Ray Tune with its defaults: one CPU and a new process for each trial."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import ray
from ray import tune

from tests.benchmarks.peers.trial import rows
from tests.benchmarks.peers.work import FOLDER, HANDED_OVER, Grid, note
from tune_app.study.provenance import num_usable_cpus


def train(config: dict[str, Any]) -> None:
    for row in rows(config):
        tune.report(row)


def main(grid: Grid) -> None:
    ray.init(address="local", num_cpus=num_usable_cpus())
    tuner = tune.Tuner(
        train,
        param_space={name: tune.grid_search(values) for name, values in grid.items()},
        run_config=tune.RunConfig(storage_path=f"{os.environ[FOLDER]}/ray"),
    )
    note(HANDED_OVER)
    assert not tuner.fit().errors


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
