"""Reporting the 128 rows of q1a, and large studies: 2,000 trials of 20 epochs, 10,000 rows.

The time is that of the processor, of the command and its children. Other work on the machine adds
to it, too, but far less than to the time on the clock.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.comparison import Measurement, single
from tests.studies import line, resnet_config, study_json, write_study, write_trial

Q1A = Path(__file__).resolve().parent.parent / "data" / "q1a"
MOST_SECONDS_OF_Q1A = 10.0
LARGE = ((2_000, 20, 30.0), (10_000, 1, 60.0))
"""Number of trials, epochs of each, and the most seconds that their report may take."""
MOST_MEGABYTES_OF_Q1A = 3.0
_NUM_CELLS = 40


def run(num_rounds: int) -> Iterator[Measurement]:
    """Report each study several times."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report"
        seconds = [report_seconds(Q1A, out) for _ in range(num_rounds)]
        yield single("analysis", "q1a, reported", "CPU s", seconds, target=MOST_SECONDS_OF_Q1A)
        size = [(out / "report.html").stat().st_size / 1e6]
        yield single("analysis", "q1a, its page", "MB", size, target=MOST_MEGABYTES_OF_Q1A)
        for num_trials, num_epochs, most in LARGE:
            study = large_study(Path(folder) / f"large{num_trials}", num_trials, num_epochs)
            seconds = [report_seconds(study, out) for _ in range(num_rounds)]
            name = f"{num_trials:,} trials × {num_epochs} epochs, loaded and reported"
            yield single("analysis", name, "CPU s", seconds, target=most)


def large_study(path: Path, num_trials: int = 2_000, num_epochs: int = 20) -> Path:
    """Write a study in which every row is a trial of its own."""
    axes = itertools.product(
        ("mnist", "fashion_mnist"), ("resnet18", "resnet50"), ("sgd", "adam"), (8, 16, 32, 64, 128)
    )
    cells = list(itertools.product(axes, range(num_trials // _NUM_CELLS)))
    configurations = {
        f"c{number:04d}": resnet_config(
            dataset=dataset,
            model=model,
            optimizer=optimizer,
            batch_size=batch_size,
            lr=1e-5 * (step + 1),
            epochs=num_epochs,
        )
        for number, ((dataset, model, optimizer, batch_size), step) in enumerate(cells)
    }
    assert len(configurations) == num_trials
    meta = study_json(configurations, name="large")
    study = write_study(path, meta)
    for number, (config_id, config) in enumerate(configurations.items()):
        lines = [
            line(epoch, milestone=epoch == num_epochs, val_accuracy=(number % 70) / 70)
            for epoch in range(1, num_epochs + 1)
        ]
        lines[-1]["test_accuracy"] = (105 + 37 * number % 31) / 140
        served = {num_epochs: [config_id]}
        write_trial(study, f"k{number:04d}", config, served, lines, data=meta["data"])
    return study


def report_seconds(study: Path, out: Path) -> float:
    """Return how much processor time the command takes."""
    before = _seconds_of_children()
    command = [sys.executable, "-m", "analysis.report", str(study), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return _seconds_of_children() - before


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
