"""Runs one arm until its budget of epochs is trained, and says how well it did for what cost."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.events import read_events
from tests.benchmarks.search.arms import Arm
from tests.benchmarks.search.problem import EPOCHS, EVENTS, FOLDER, write_images

ROOT = Path(__file__).resolve().parents[3]
LOOK_SECONDS = 0.5
LONGEST_END_SECONDS = 60.0
MOST_SECONDS_WITHOUT_EPOCH = 900.0
Sample = tuple[float, float]
"""A moment, and the CPU seconds that the processes of the arm had used by then."""


class RaceError(RuntimeError):
    """An arm ended before its budget was trained."""


def run_arm(arm: Arm, python: str, repeat: int, budget: int, num_train: int) -> dict[str, Any]:
    """Run an arm in processes of its own and return what is measured of it.

    Args:
        arm: the arm.
        python: the interpreter for a peer.
        repeat: the number of the repeat.
        budget: how many epochs are trained.
        num_train: how many images are trained on.

    Raises:
        RaceError: the arm ended too early, or hung.
    """
    with tempfile.TemporaryDirectory(prefix="race-") as name:
        folder = Path(name)
        write_images(folder, repeat, num_train)
        environment = os.environ | {FOLDER: name, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        load = os.getloadavg()[0]
        with (folder / "output.txt").open("wb") as output:
            started = time.time()
            process = subprocess.Popen(
                arm.command(python, folder, repeat),
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
            samples = _watch(process, folder / EVENTS, budget)
        events = read_events(folder / EVENTS)[:budget]
        if len(events) < budget:
            tail = (folder / "output.txt").read_text(errors="replace")[-2_000:]
            raise RaceError(f"{arm.name}: {len(events)} of {budget} epochs were trained\n{tail}")
    return summary(events, started, samples) | {"load": [load, os.getloadavg()[0]]}


def _watch(process: subprocess.Popen[bytes], events: Path, budget: int) -> list[Sample]:
    """Wait until so many epochs are trained, end the processes, and return the CPU samples."""
    samples: list[Sample] = []
    most, seen, last_epoch = 0.0, 0, time.monotonic()
    family: dict[int, psutil.Process] = {}
    try:
        while process.poll() is None and seen < budget:
            most = max(most, _cpu_seconds(process.pid, family))
            samples.append((time.time(), most))
            time.sleep(LOOK_SECONDS)
            number = len(read_events(events))
            if number > seen:
                seen, last_epoch = number, time.monotonic()
            elif time.monotonic() > last_epoch + MOST_SECONDS_WITHOUT_EPOCH:
                break
        samples.append((time.time(), max(most, _cpu_seconds(process.pid, family))))
    finally:  # also when the race itself is stopped
        _end(process, family)
    return samples


def _cpu_seconds(pid: int, family: dict[int, psutil.Process]) -> float:
    """Return the CPU seconds of a process and of all that it has started, ended ones too."""
    total = 0.0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
                family[process.pid] = process
    return total


def _end(process: subprocess.Popen[bytes], family: dict[int, psutil.Process]) -> None:
    """Ask the arm to end, and kill what is left of it."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_END_SECONDS)
    for member in family.values():
        with suppress(psutil.Error):
            if member.is_running():  # the number may be another process's by now
                member.kill()
    process.wait()


def summary(
    events: Sequence[dict[str, Any]], started: float, samples: Sequence[Sample]
) -> dict[str, Any]:
    """Return what is measured of a run.

    Args:
        events: the epochs in the order in which they were trained.
        started: when the command was started.
        samples: the CPU seconds.

    Returns:
        ``steps`` has a line for each epoch that was the best so far: epochs trained, seconds since
        the start, CPU seconds, validation and test accuracy. ``pick`` is the configuration with
        the best validation among those trained to the end, or among all where there is none.
        ``up`` is when both slots are at work: when a second process has trained an epoch.
    """
    ended = [event for event in events if event["epoch"] == EPOCHS]
    pick = max(ended or events, key=lambda event: event["val_accuracy"])
    trials = {_trial(event) for event in events}
    first = events[0]
    up = next((event for event in events if event["pid"] != first["pid"]), first)
    return {
        "epochs": len(events),
        "repeated": len(events) - len({(_trial(event), event["epoch"]) for event in events}),
        "trials": len(trials),
        "ended": len({_trial(event) for event in ended}),
        "up_epochs": events.index(up) + 1,
        "up_seconds": round(up["time"] - started, 2),
        "up_cpu_seconds": round(_at(samples, up["time"]), 2),
        "seconds": round(events[-1]["time"] - started, 2),
        "cpu_seconds": round(_at(samples, events[-1]["time"]), 2),
        "training_cpu_seconds": round(sum(event["cpu"] for event in events), 2),
        "up_training_cpu_seconds": round(
            sum(e["cpu"] for e in events if e["time"] > up["time"]), 2
        ),
        "steps": list(_steps(events, started, lambda moment: _at(samples, moment))),
        "pick": {name: pick[name] for name in ("config", "epoch", "val_accuracy", "test_accuracy")},
    }


def _steps(
    events: Sequence[dict[str, Any]], started: float, cpu: Callable[[float], float]
) -> Iterator[list[float]]:
    best = float("-inf")
    for number, event in enumerate(events, 1):
        if event["val_accuracy"] > best:
            best, moment = event["val_accuracy"], event["time"]
            seconds = (round(moment - started, 2), round(cpu(moment), 2))
            yield [number, *seconds, round(best, 5), round(event["test_accuracy"], 5)]


def _at(samples: Sequence[Sample], moment: float) -> float:
    """Return the CPU seconds at a moment, on the line between its neighbours."""
    before = max((s for s in samples if s[0] <= moment), default=samples[0])
    after = min((s for s in samples if s[0] > moment), default=samples[-1])
    if after[0] <= before[0]:
        return before[1]
    share = (moment - before[0]) / (after[0] - before[0])
    return before[1] + share * (after[1] - before[1])


def _trial(event: dict[str, Any]) -> str:
    return json.dumps(event["config"], sort_keys=True)
