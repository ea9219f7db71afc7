"""``processes|threads FOLDER REPEAT``: Optuna's TPE with its successive-halving pruner.

Its documentation recommends processes on one storage for work that keeps the processor busy, and
``constant_liar`` where trials run at once.
"""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.benchmarks.search.arms import FACTOR, MANY_TRIALS
from tests.benchmarks.search.problem import DOMAINS, Training


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Return a configuration."""
    config: dict[str, Any] = {}
    for name, (kind, *rest) in DOMAINS.items():
        if kind == "choice":
            config[name] = trial.suggest_categorical(name, *rest)
        elif kind == "lograndint":
            config[name] = trial.suggest_int(name, rest[0], rest[1] - 1, log=True)
        else:
            config[name] = trial.suggest_float(name, *rest, log=kind == "loguniform")
    return config


def objective(trial: optuna.Trial, repeat: int) -> float:
    """Train a configuration, and give up where the pruner says so."""
    for row in Training({**suggest(trial), "seed": repeat}).epochs():
        trial.report(row["val_accuracy"], row["epoch"])
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(row["val_accuracy"])


def run(storage: Any, repeat: int, worker: int, num_threads: int) -> None:
    """Ask for trials and train them."""
    study = optuna.create_study(
        study_name="race",
        storage=storage,
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(constant_liar=True, seed=10 * repeat + worker),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=FACTOR),
    )
    study.optimize(lambda trial: objective(trial, repeat), MANY_TRIALS, n_jobs=num_threads)


def work(path: str, repeat: int, worker: int) -> None:
    """Run one of the two processes."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run(JournalStorage(JournalFileBackend(path)), repeat, worker, 1)


def main(how: str, folder: str, repeat: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if how == "threads":
        run(None, repeat, 0, 2)
        return
    start = multiprocessing.get_context("spawn")
    path = f"{folder}/optuna.log"
    workers = [start.Process(target=work, args=(path, repeat, i), daemon=True) for i in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
