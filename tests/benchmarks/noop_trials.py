"""``python noop_trials.py ours|stock NUM FOLDER``: run trials that do nothing; print SECONDS."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from tune_app.cli.run_command import main
from tune_app.engine import driver
from tune_app.training.registry import TRAINABLES, Parameter, Trainable

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="noop", question="What does a trial cost?", trainable="noop", factors=("x",),
    param_space={{"x": tune.grid_search(list(range({num_trials})))}},
)
"""


def report_once(config: dict[str, Any], *, data: Any = None, settings: Any = None) -> None:
    """Report one epoch."""
    from ray import tune

    tune.report({"epoch": 1, "milestone": 1, "status": "ok", "val_accuracy": config["x"] / 1e4})


def run_ours(num_trials: int, folder: Path) -> float:
    """Run a study; the clock runs while the driver has it in Tune's hands."""
    TRAINABLES["noop"] = Trainable(
        name="noop",
        function=report_once,
        parameters={"x": Parameter(int)},
        label=lambda config: f"x{config['x']}",
        uses_images=False,
    )
    space = folder / "noop.py"
    space.write_text(SPACE.format(num_trials=num_trials))
    taken = []
    run_trials = driver.run_trials

    def timed(*arguments: Any, **named: Any) -> None:
        started = time.perf_counter()
        run_trials(*arguments, **named)
        taken.append(time.perf_counter() - started)

    driver.run_trials = timed
    assert main(["--space", str(space), "--results-dir", str(folder / "results")]) == 0
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
    runs = {"ours": run_ours, "stock": run_stock}
    print(f"\nSECONDS {runs[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))}")
