"""``python -m tests.benchmarks.scale_study plan|run|status NUM FOLDER``: trials that train nothing.

``run`` writes ``marks.json``: seconds since the trials were handed to Tune, and the driver's
resident memory, at the beginning and at every thousandth trial that ended.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from ray.tune.callback import Callback

from tests.benchmarks.scale import STEP
from tune_app.cli import run_command as run
from tune_app.cli import status_command as status
from tune_app.engine import driver
from tune_app.training.registry import TRAINABLES

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="scale", question="What does a study of many trials cost?", trainable="resnet",
    factors=("dataset", "model", "optimizer", "batch_size", "lr"),
    param_space={{
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "batch_size": tune.grid_search([8, 16, 32, 64, 128]),
        "lr": tune.grid_search([(step + 1) / 1e5 for step in range({num_lr})]),
        "epochs": 1,
    }},
)
"""
"""Forty configurations per learning rate."""


def train_nothing(config: dict[str, Any], *, data: Any = None, settings: Any = None) -> None:
    """Report one epoch with the metrics of a ResNet's."""
    from ray import tune

    right = 500 + int(config["plan"]["trial_key"], 16) % 400
    accuracy = right / 1000
    tune.report(
        {
            "epoch": 1,
            "milestone": 1,
            "status": "ok",
            "train_loss": 1 - accuracy,
            "train_accuracy": accuracy,
            "val_loss": 1 - accuracy,
            "val_accuracy": accuracy,
            "train_seconds": 1.0,
            "epoch_seconds": 1.0,
            "images_per_second": 1000.0,
            "warm_up": False,
            "num_threads": 1,
            "device": "cpu",
            "precision": "float32",
            "num_test": 1000,
            **{f"test_{name}": accuracy for name in ("accuracy", "precision", "recall", "f1")},
        }
    )


class Marks(Callback):
    """Notes time and memory at every thousandth trial."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._num_ended = 0
        self.first_trial = 0.0
        self.seconds: list[float] = []
        self.memory_mb: list[float] = []
        self._note()

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Count a trial."""
        self._num_ended += 1
        if self._num_ended == 1:
            self.first_trial = time.perf_counter() - self._started
        if self._num_ended % STEP == 0:
            self._note()

    def _note(self) -> None:
        self.seconds.append(time.perf_counter() - self._started)
        self.memory_mb.append(psutil.Process().memory_info().rss / 1e6)


def run_marked(words: list[str], marks_file: Path) -> int:
    """Run the study and write the marks, if it had anything to run."""
    run_trials = driver.run_trials

    def marked(*arguments: Any, **named: Any) -> None:
        marks = Marks()
        *others, callbacks = arguments
        run_trials(*others, [*callbacks, marks], **named)
        marks_file.write_text(json.dumps(vars(marks)))

    driver.run_trials = marked
    return run.main(words)


def main(what: str, num_trials: int, folder: Path) -> int:
    """Run one command on the study; return its exit status."""
    TRAINABLES["resnet"] = dataclasses.replace(
        TRAINABLES["resnet"], function=train_nothing, uses_images=False, probe=None
    )
    space = folder / "scale.py"
    space.write_text(SPACE.format(num_lr=num_trials // 40))
    words = ["--space", str(space), "--results-dir", str(folder / "results")]
    if what == "plan":
        return run.main([*words, "--plan"])
    if what == "run":
        return run_marked(words, folder / "marks.json")
    return status.main([str(folder / "results" / "scale")])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
