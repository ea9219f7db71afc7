"""``python noop_trials.py ours|search|stock NUM FOLDER``: run trials that do nothing.

Prints SECONDS, QUARTERS, how long each quarter of the trials took, and CPU_QUARTERS, the CPU
seconds of the driver in each.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from ray.tune.callback import Callback

from tune_app.cli.run_command import main
from tune_app.engine import driver
from tune_app.training.registry import TRAINABLES, Parameter, Trainable

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="noop", question="What does a trial cost?", trainable="noop", factors=("x",),
    param_space={{"x": {values}}},
)
"""


class Ends(Callback):
    """Notes when each trial has ended: the time, and the CPU time of this process."""

    def __init__(self) -> None:
        self.moments: list[tuple[float, float]] = []

    def on_trial_complete(self, *_arguments: Any, **_named: Any) -> None:
        self.moments.append((time.perf_counter(), time.process_time()))

    def quarters(self, clock: int) -> list[float]:
        """Return the seconds of each quarter of the trials, without the start of the workers."""
        size = len(self.moments) // 4
        cuts = [self.moments[size * i][clock] for i in range(4)]
        return [b - a for a, b in pairwise([*cuts, self.moments[-1][clock]])]


def report_once(config: dict[str, Any], *, data: Any = None, settings: Any = None) -> None:
    """Report one epoch."""
    from ray import tune

    tune.report({"epoch": 1, "milestone": 1, "status": "ok", "val_accuracy": config["x"] / 1e4})


def run_ours(num_trials: int, folder: Path) -> float:
    """Run the trials of a grid."""
    return run_study(f"tune.grid_search(list(range({num_trials})))", folder, int)


def run_search(num_trials: int, folder: Path) -> float:
    """Run the trials of a random search."""
    options = ("--search", "random", "--num-trials", str(num_trials))
    return run_study("tune.uniform(0.0, 1.0)", folder, float, *options)


def run_study(values: str, folder: Path, kind: type, *options: str) -> float:
    """Run a study; the clock runs while the driver has it in Tune's hands."""
    TRAINABLES["noop"] = Trainable(
        name="noop",
        function=report_once,
        parameters={"x": Parameter(kind)},
        label=lambda config: f"x{config['x']}",
        uses_images=False,
    )
    space = folder / "noop.py"
    space.write_text(SPACE.format(values=values))
    taken, ends = [], Ends()
    run_trials = driver.run_trials

    def timed(*arguments: Any, **named: Any) -> None:
        started = time.perf_counter()
        *others, callbacks = arguments
        run_trials(*others, [*callbacks, ends], **named)
        taken.append(time.perf_counter() - started)

    driver.run_trials = timed
    assert main(["--space", str(space), "--results-dir", str(folder / "results"), *options]) == 0
    print("\nQUARTERS", *ends.quarters(0))
    print("CPU_QUARTERS", *ends.quarters(1))
    return taken[0]


def run_stock(num_trials: int, folder: Path) -> float:
    """Run the same trials as Ray's documentation shows it."""
    import ray
    from ray import tune

    def trainable(config: dict[str, Any]) -> None:
        report_once(config)

    ray.init(log_to_driver=False)
    tuner = tune.Tuner(
        trainable,
        param_space={"x": tune.grid_search(list(range(num_trials)))},
        run_config=tune.RunConfig(storage_path=str(folder)),
    )
    started = time.perf_counter()
    results = tuner.fit()
    assert len(results) == num_trials and not results.errors
    return time.perf_counter() - started


if __name__ == "__main__":
    runs = {"ours": run_ours, "search": run_search, "stock": run_stock}
    print(f"\nSECONDS {runs[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))}")
