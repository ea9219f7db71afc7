"""How long a command takes until it is of use: help, a plan, the first epoch of a study.

These are wall seconds, so nothing else may run on the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.comparison import Measurement, single

COMMAND = (sys.executable, "-m", "tune_app")
STUDY = ("run", "--space", "q1a", "--data", "sample", "--images", "100")
MEASURING = "measuring the speed"
"""How the line begins after which ``--plan`` trains a few steps of each kind of trial."""
LOOK_SECONDS = 0.02
MOST_SECONDS = 300.0


def run(num_rounds: int) -> Iterator[Measurement]:
    """Measure each command in turn."""
    cases: tuple[tuple[str, float, Callable[[], float]], ...] = (
        ("tune-app --help", 0.5, help_seconds),
        ("--plan of q1a, 100 images, until it measures speeds", 3.0, plan_seconds),
        ("q1a, 100 images, from the command to the first epoch", 12.0, first_epoch_seconds),
    )
    rounds = [[measure() for _, _, measure in cases] for _ in range(num_rounds)]
    for (case, target, _), seconds in zip(cases, zip(*rounds, strict=True), strict=True):
        yield single("start", case, "s", seconds, target=target)


def help_seconds() -> float:
    """Return the seconds of the whole command."""
    started = time.perf_counter()
    subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)
    return time.perf_counter() - started


def plan_seconds() -> float:
    """Return the seconds until all is planned but the time that it takes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output.txt"
        words = [*STUDY, "--plan", "--results-dir", folder]
        return seconds_until(words, output, partial(_says, output, MEASURING))


def first_epoch_seconds() -> float:
    """Return the seconds until the result of an epoch is written."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        words = [*STUDY, "--results-dir", str(results)]
        return seconds_until(words, Path(folder) / "output.txt", partial(_has_result, results))


def seconds_until(words: list[str], output: Path, is_there: Callable[[], bool]) -> float:
    """Run the command until something is there, end it, and return the seconds until then."""
    with output.open("wb") as file:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, *words],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            while not is_there():
                seconds = time.perf_counter() - started
                assert process.poll() is None and seconds < MOST_SECONDS, output.read_text()
                time.sleep(LOOK_SECONDS)
            return time.perf_counter() - started
        finally:
            process.terminate()
            process.wait(MOST_SECONDS)


def _says(output: Path, words: str) -> bool:
    return words in output.read_text()


def _has_result(results: Path) -> bool:
    return any(path.stat().st_size for path in results.glob("*/tune/*/*/result.json"))
