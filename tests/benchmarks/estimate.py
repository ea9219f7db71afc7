"""What ``--plan`` says, and what the run then takes: time, disk and memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.comparison import Measurement, single
from tune_app.planning.durations import parse_duration

LARGEST_ERROR = 0.2
STUDIES = {"q1a": 800, "q1b": 10_000, "q2": 2_000}
LOOK_SECONDS = 2.0


def run(_num_rounds: int) -> Iterator[Measurement]:
    """Plan and run each study once; of q2 the half that needs no GPU."""
    for space, num_images in STUDIES.items():
        with tempfile.TemporaryDirectory() as folder:
            words = ["--space", space, "--data", "sample", "--images", str(num_images)]
            words += ["--results-dir", folder]
            plan = command(*words, "--plan")[1]
            with LargestSize(Path(folder) / space) as disk:
                taken, _ = command(*words)
            memory = largest_trial(Path(folder) / space)
        what = f"{space}, {num_images:,} images"
        expected = parse_duration(
            re.sub(r"\s+(h|m|s)(?:in)?\b\s*", r"\1", said(plan, "time: about (.+), ")), "the plan"
        )
        yield single(
            "estimate",
            f"time of {what}",
            "relative error",
            [abs(expected / taken - 1)],
            target=LARGEST_ERROR,
            note=f"planned {expected:.0f} s, took {taken:.0f} s",
        )
        slots = int(said(plan, r"time: .*, ([\d,]+) trials? at once"))
        bounds = {
            "disk": (disk.num_bytes / 1e6, amount(plan, "disk: at most ([0-9,]+) MB")),
            "memory": (memory * slots / 1e3, amount(plan, r"memory: at most ([0-9.]+) GB")),
        }
        for name, (used, planned) in bounds.items():
            unit = "MB" if name == "disk" else "GB"
            yield single(
                "estimate",
                f"{name} of {what}, used over planned",
                "ratio",
                [used / planned if planned else 0.0],
                target=1.0,
                note=f"at most {planned:,g} {unit} planned, {used:,.1f} {unit} used",
            )


def said(plan: str, pattern: str) -> str:
    """Return what a plan says."""
    found = re.search(f"^{pattern}", plan, re.MULTILINE)
    assert found, f"{pattern} is not in:\n{plan}"
    return found[1]


def amount(plan: str, pattern: str) -> float:
    """Return a number that a plan names."""
    return float(said(plan, pattern).replace(",", ""))


class LargestSize:
    """Looks at the size of a study's checkpoints and weights again and again while entered.

    Attributes:
        num_bytes: the largest that was seen.
    """

    def __init__(self, study: Path) -> None:
        self.num_bytes = 0
        self._study = study
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> LargestSize:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            size = 0
            for path in self._study.glob("tune/*/*/*/*.pt"):
                try:
                    size += path.stat().st_size
                except FileNotFoundError:  # deleted since it was listed
                    continue
            self.num_bytes = max(self.num_bytes, size)


def largest_trial(study: Path) -> float:
    """Return the largest peak memory that a trial recorded, in MB."""
    rows = [
        json.loads(line)
        for path in study.glob("tune/*/*/result.json")
        for line in path.read_text().splitlines()
    ]
    return max(float(row["peak_memory_mb"]) for row in rows)


def command(*words: str) -> tuple[float, str]:
    """Run tune_app; return its seconds and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tune_app.run", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return time.perf_counter() - started, done.stdout
