"""A study of 10,000 configurations: planned, run as no-ops, asked for its status and reported.

The trials have a ResNet's parameters and result rows, and train nothing. Time per trial and memory
are those of the driver; they have to stay flat from the first thousand trials to the last.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.comparison import Measurement, single

NUM_TRIALS, STEP = 10_000, 1_000
LARGEST_GROWTH = 1.2
MOST_SECONDS = 1800
"""No single command takes longer."""
SCRIPT = "tests.benchmarks.scale_study"


def run(num_rounds: int) -> Iterator[Measurement]:
    """Measure the study once, however many rounds: it takes minutes."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measure(Path(folder))


def _measure(folder: Path) -> Iterator[Measurement]:
    plan = _seconds("plan", folder)
    yield single("scale", f"--plan of {NUM_TRIALS:,} configurations", "s", [plan])
    whole = _seconds("run", folder)
    marks = json.loads((folder / "marks.json").read_text())
    seconds, memory = marks["seconds"], marks["memory_mb"]
    trials = f"{NUM_TRIALS:,} no-op trials"
    yield single("scale", trials, "s", [seconds[-1]], note=f"the whole command: {whole:.0f} s")
    pairs = ((marks["first_trial"], seconds[1]), seconds[-2:])
    first, last = (1e3 * (end - begin) / STEP for begin, end in pairs)
    yield single(
        "scale",
        f"time of a trial, the last {STEP:,} over the first {STEP:,}",
        "ratio",
        [last / first],
        target=LARGEST_GROWTH,
        note=f"{first:.1f} ms and {last:.1f} ms; {_per_thousand(seconds)}",
    )
    half = NUM_TRIALS // 2 // STEP
    yield single(
        "scale",
        "driver's memory that a trial costs",
        "KB",
        [1e3 * (memory[-1] - memory[1]) / (NUM_TRIALS - STEP)],
        note=f"{memory[1]:.0f}, {memory[half]:.0f} and {memory[-1]:.0f} MB resident at "
        f"{STEP:,}, {NUM_TRIALS // 2:,} and {NUM_TRIALS:,} trials",
    )
    yield single("scale", "the same command again", "s", [_seconds("run", folder)])
    yield single("scale", "status", "s", [_seconds("status", folder)])
    study = folder / "results" / "scale"
    for case, options in (("report", ()), ("report --no-figures", ("--no-figures",))):
        command = [sys.executable, "-m", "analysis.report", str(study), *options]
        yield single("scale", case, "s", [_wall_seconds(command)])


def _per_thousand(seconds: list[float]) -> str:
    return f"s per {STEP:,}: " + " ".join(f"{b - a:.0f}" for a, b in pairwise(seconds))


def _seconds(what: str, folder: Path) -> float:
    return _wall_seconds([sys.executable, "-m", SCRIPT, what, str(NUM_TRIALS), str(folder)])


def _wall_seconds(command: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return time.perf_counter() - started
