"""``FOLDER REPEAT``: Ray Tune's own OptunaSearch with its ASHAScheduler."""

from __future__ import annotations

import sys

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from tests.benchmarks.search.arms import FACTOR, MANY_TRIALS
from tests.benchmarks.search.problem import DOMAINS, EPOCHS, train


def main(folder: str, repeat: int) -> None:
    ray.init(log_to_driver=False)
    domains = {name: getattr(tune, kind)(*rest) for name, (kind, *rest) in DOMAINS.items()}
    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space=domains | {"seed": repeat},
        tune_config=tune.TuneConfig(
            metric="val_accuracy",
            mode="max",
            search_alg=OptunaSearch(seed=repeat),
            scheduler=ASHAScheduler(
                time_attr="epoch", grace_period=1, max_t=EPOCHS, reduction_factor=FACTOR
            ),
            num_samples=MANY_TRIALS,
            max_concurrent_trials=2,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            storage_path=f"{folder}/ray",
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1),
            verbose=0,
        ),
    )
    tuner.fit()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
