"""What is compared: commands that get a grid, and ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.events import read_events
from tests.benchmarks.mnist_folder import write_mnist_folder
from tests.benchmarks.peers.summary import Noops, Run, Trial, noops_of_ends, run_of_events
from tests.benchmarks.peers.work import EVENTS, FOLDER, NUM_IMAGES, Grid
from tune_app.study.provenance import num_usable_cpus

ROOT = Path(__file__).resolve().parents[3]
MOST_SECONDS = 3600.0


@dataclass(frozen=True)
class Peer:
    """One way to run a grid.

    Attributes:
        name: its name in the table.
        module: the script in this folder.
        num_slots: how many trials it runs at once.
        num_noops: how many trials that train nothing are enough to measure one.
        settings: how it is set up.
    """

    name: str
    module: str
    num_slots: int
    num_noops: int
    settings: str

    def run(self, grid: Grid) -> Run:
        """Run the grid in a process of its own, with the images in a folder of its own."""
        module = f"{__package__}.{self.module}"
        with tempfile.TemporaryDirectory(prefix="peers-") as name:
            folder = Path(name)
            write_mnist_folder(folder)
            started, ended = timed([sys.executable, "-m", module, json.dumps(grid)], folder)
            return run_of_events(started, ended, read_events(folder / EVENTS), self.num_slots)

    def noops(self) -> Noops:
        """Run trials that train nothing."""
        run = self.run({"number": list(range(self.num_noops)), "epochs": [0]})
        return noops_of_ends(run.started, [trial.end for trial in run.trials], self.num_slots)


def peers() -> list[Peer]:
    """Return the peers, each as a competent user would set it up."""
    cores = num_usable_cpus()
    return [
        Peer(
            "plain loop",
            "plain_loop",
            1,
            128,
            f"one process, one trial after the other with {cores} threads",
        ),
        Peer(
            "Ray Tune",
            "ray_tune",
            cores,
            16,
            f"`Tuner` with its defaults: a process, 1 CPU and 1 thread a trial, {cores} at once",
        ),
        Peer(
            f"Optuna {version('optuna')}",
            "optuna_study",
            cores,
            128,
            f"`GridSampler`, in memory, `n_jobs={cores}`, 1 thread a trial",
        ),
        Peer(
            "agents",
            "agents",
            cores,
            16,
            f"{cores} agents that start a process for each trial, as those of Weights & Biases "
            "do, without a server; 1 thread a trial",
        ),
    ]


def timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command whose trials note their ends in the folder; return its start and end."""
    environment = os.environ | {FOLDER: str(folder), "PYTHONPATH": str(ROOT)}
    started = time.time()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    ended = time.time()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return started, ended


def our_noops() -> Noops:
    """Run our command on trials that train nothing."""
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        started, _ = timed(_ours(f"{__package__}.noop_space", folder), folder)
        ends = [event["time"] for event in read_events(folder / EVENTS)]
    return noops_of_ends(started, ends, num_usable_cpus())


def our_study() -> tuple[float, list[Trial]]:
    """Run q1a by our command; return its seconds and its trials."""
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        images = ("--data", "sample", "--images", str(NUM_IMAGES))
        started, ended = timed(_ours("q1a", folder, *images), folder)
        files = (folder / "results").glob("q1a/tune/*/*/result.json")
        return ended - started, [_trial(file.read_text()) for file in files]


def _ours(space: str, folder: Path, *options: str) -> list[str]:
    results = str(folder / "results")
    module = (sys.executable, "-m", "tune_app.run")
    return [*module, "--space", space, "--results-dir", results, *options]


def _trial(lines: str) -> Trial:
    rows = [json.loads(line) for line in lines.splitlines()]
    return Trial(rows[-1]["timestamp"], tuple(row["epoch_seconds"] for row in rows))
