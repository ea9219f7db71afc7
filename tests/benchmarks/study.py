"""A whole q1a study, end to end, against one plain run after another.

Ours is ``python -m tune_app.run`` with its 128 rows. Of the plain runs eight are timed, one per
model, batch size and optimizer, half of them before ours and half after it; data set, learning rate
and pin_memory do not change their time on a CPU, so each stands for sixteen of the 128: eight with
two epochs and eight with five, whose further epochs cost what its own last one did.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import plain_script
from tests.benchmarks.comparison import Measurement, compare, single
from tests.benchmarks.mnist_folder import write_mnist_folder

TARGET = 10.0
LARGEST_OVERHEAD = 1.05
NUM_IMAGES = 800
RUNS = tuple(itertools.product(("resnet18", "resnet50"), (16, 32), ("sgd", "adam")))
ROWS_PER_RUN = {2: 8, 5: 8}


def run(_num_rounds: int) -> Iterator[Measurement]:
    """Measure one study and the eight plain runs around it."""
    with tempfile.TemporaryDirectory() as folder:
        write_mnist_folder(Path(folder))
        plain = sum(plain_seconds(folder, *case) for case in RUNS[::2])
        ours, in_trials = study_seconds(Path(folder) / "results")
        plain += sum(plain_seconds(folder, *case) for case in RUNS[1::2])
    yield compare(
        "study",
        f"q1a, 128 rows, {NUM_IMAGES} images per data set",
        "s",
        [ours],
        [plain],
        more_is_better=False,
        target=TARGET,
        note="one study; plain: 8 of 128 runs measured, the rest extrapolated",
    )
    yield single(
        "study",
        "wall time of the trials / ideal (training and evaluation / cores)",
        "ratio",
        [in_trials],
        target=LARGEST_OVERHEAD,
        note="from the first trial's start to the last one's end",
    )


def plain_seconds(folder: str, model: str, batch_size: int, optimizer: str) -> float:
    """Return the seconds of all rows that one plain run of two epochs stands for."""
    words = {"data": folder, "model": model, "batch-size": batch_size, "optimizer": optimizer}
    words |= {"epochs": 2, "images": NUM_IMAGES}
    options = [word for name, value in words.items() for word in (f"--{name}", str(value))]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, plain_script.__file__, *options], check=True, capture_output=True
    )
    seconds = time.perf_counter() - started
    epoch = float(json.loads(done.stdout)["epoch_seconds"][-1])
    return sum(rows * (seconds + (epochs - 2) * epoch) for epochs, rows in ROWS_PER_RUN.items())


def study_seconds(results: Path) -> tuple[float, float]:
    """Return (seconds of the command, time in trials over the ideal)."""
    words = ["--space", "q1a", "--data", "sample", "--images", str(NUM_IMAGES)]
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tune_app.run", *words, "--results-dir", str(results)],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started, time_over_ideal(results / "q1a")


def time_over_ideal(study: Path) -> float:
    """Return (last result − first start) × cores / sum of the epochs' seconds.

    A trial's start is its first result's time less the seconds of that epoch.
    """
    num_cores = json.loads((study / "launches" / "001.json").read_text())["hardware"]["num_cpus"]
    starts, ends, work = [], [], 0.0
    for path in study.glob("tune/*/*/result.json"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        starts.append(rows[0]["timestamp"] - rows[0]["time_total_s"])
        ends.append(rows[-1]["timestamp"])
        work += rows[-1]["time_total_s"]
    return float((max(ends) - min(starts)) * num_cores / work)
