"""Loading and reporting a large study: 2,000 trials of 20 epochs."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.comparison import Measurement, single
from tests.studies import line, resnet_config, study_json, write_study, write_trial

MOST_SECONDS = 30.0
NUM_TRIALS, NUM_EPOCHS = 2_000, 20


def run(num_rounds: int) -> Iterator[Measurement]:
    """Report the study several times."""
    with tempfile.TemporaryDirectory() as folder:
        study = large_study(Path(folder) / "large")
        seconds = [report_seconds(study) for _ in range(num_rounds)]
    name = f"{NUM_TRIALS:,} trials × {NUM_EPOCHS} epochs, loaded and reported"
    yield single("analysis", name, "s", seconds, target=MOST_SECONDS)


def large_study(path: Path) -> Path:
    """Write a study in which every row is a trial of its own."""
    axes = itertools.product(
        ("mnist", "fashion_mnist"), ("resnet18", "resnet50"), ("sgd", "adam"), (8, 16, 32, 64, 128)
    )
    cells = list(itertools.product(axes, range(NUM_TRIALS // 40)))
    configurations = {
        f"c{number:04d}": resnet_config(
            dataset=dataset,
            model=model,
            optimizer=optimizer,
            batch_size=batch_size,
            lr=1e-5 * (step + 1),
            epochs=NUM_EPOCHS,
        )
        for number, ((dataset, model, optimizer, batch_size), step) in enumerate(cells)
    }
    assert len(configurations) == NUM_TRIALS
    study = write_study(path, study_json(configurations, name="large"))
    for number, (config_id, config) in enumerate(configurations.items()):
        lines = [
            line(epoch, milestone=epoch == NUM_EPOCHS, val_accuracy=(number % 70) / 70)
            for epoch in range(1, NUM_EPOCHS + 1)
        ]
        write_trial(study, f"k{number:04d}", config, {NUM_EPOCHS: [config_id]}, lines)
    return study


def report_seconds(study: Path) -> float:
    """Return how long the command takes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "analysis.report", str(study)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started
