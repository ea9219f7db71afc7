"""``FOLDER REPEAT``: Syne Tune's ASHA on its local backend, a process for each trial."""

from __future__ import annotations

import os
import sys

from syne_tune import Tuner, config_space
from syne_tune.backend import LocalBackend
from syne_tune.optimizer.baselines import ASHA

from tests.benchmarks.search import syne_tune_trial
from tests.benchmarks.search.arms import FACTOR
from tests.benchmarks.search.problem import DOMAINS, EPOCHS


def main(folder: str, repeat: int) -> None:
    os.environ["SYNETUNE_FOLDER"] = f"{folder}/syne_tune"
    space = {"seed": repeat}
    for name, (kind, *rest) in DOMAINS.items():
        bounds = [rest[0], rest[1] - 1] if kind == "lograndint" else rest  # both are included
        space[name] = getattr(config_space, kind)(*bounds)
    scheduler = ASHA(
        space,
        metric="val_accuracy",
        do_minimize=False,
        time_attr="epoch",
        max_t=EPOCHS,
        grace_period=1,
        reduction_factor=FACTOR,
        random_seed=repeat,
    )
    tuner = Tuner(
        trial_backend=LocalBackend(str(syne_tune_trial.__file__)),
        scheduler=scheduler,
        stop_criterion=lambda status: False,
        n_workers=2,
        sleep_time=0.1,
    )
    tuner.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
