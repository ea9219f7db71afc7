"""``GRID``: Optuna's GridSampler, with a thread of ``optimize`` for each core."""

from __future__ import annotations

import json
import math
import sys

import optuna
import torch

from tests.benchmarks.peers.trial import rows
from tests.benchmarks.peers.work import HANDED_OVER, Grid, note
from tune_app.study.provenance import num_usable_cpus


def main(grid: Grid) -> None:
    torch.set_num_threads(1)

    def objective(trial: optuna.Trial) -> float:
        config = {name: trial.suggest_categorical(name, values) for name, values in grid.items()}
        *_, last = rows(config)
        return last["val_accuracy"]

    sampler = optuna.samplers.GridSampler(grid, seed=0)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    note(HANDED_OVER)
    # Threads run the last configuration twice unless the number of trials is given.
    num_trials = math.prod(len(values) for values in grid.values())
    study.optimize(objective, num_trials, n_jobs=num_usable_cpus())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
