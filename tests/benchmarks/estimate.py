"""``--plan`` and what the run then takes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from tests.benchmarks.comparison import Measurement, single
from tune_app.durations import parse_duration

LARGEST_ERROR = 0.2
STUDIES = {"q1a": 800, "q1b": 10_000, "q2": 2_000}


def run(_num_rounds: int) -> Iterator[Measurement]:
    """Plan and run each study once; of q2 the half that needs no GPU."""
    for space, num_images in STUDIES.items():
        with tempfile.TemporaryDirectory() as folder:
            words = ["--space", space, "--data", "sample", "--images", str(num_images)]
            words += ["--results-dir", folder]
            planned = re.search(r"^time: about (.+), ", command(*words, "--plan")[1], re.MULTILINE)
            assert planned, "no estimate"
            expected = parse_duration(re.sub(r"\s+(h|m|s)(?:in)?\b\s*", r"\1", planned[1]))
            taken, _ = command(*words)
        error = abs(expected / taken - 1)
        note = f"planned {expected:.0f} s, took {taken:.0f} s"
        yield single(
            "estimate",
            f"{space}, {num_images:,} images",
            "relative error",
            [error],
            target=LARGEST_ERROR,
            note=note,
        )


def command(*words: str) -> tuple[float, str]:
    """Run tune_app; return its seconds and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tune_app.run", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return time.perf_counter() - started, done.stdout
