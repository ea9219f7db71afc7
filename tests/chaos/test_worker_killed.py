"""A trial's worker process is killed: it goes on from the last checkpoint, or fails alone."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.harness import (
    NUM_ROWS,
    Driver,
    check_equal,
    finish,
    read_record,
    study_root,
    summary_row,
)
from tests.recorded import read_rows

DEAD = "the worker process died (killed by signal 9, or out of memory, or crashed)"


def rows_of(folder: Path, trial: str) -> list[dict[str, Any]]:
    """Return what the newest launch recorded of the trial whose directory's name holds a word."""
    found = sorted(study_root(folder).glob(f"tune/*/*{trial}*/result.json"))
    return read_rows(found[-1]) if found else []


def kill_worker(driver: Driver, folder: Path, trial: str, num_rows: int) -> int | None:
    """Kill the trial's worker once it has recorded so many rows; return its process id.

    None if the study ended before.
    """
    if not driver.wait_for(lambda: len(rows_of(folder, trial)) >= num_rows, 200):
        return None
    pid = int(rows_of(folder, trial)[-1]["pid"])
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return pid


def check_retries_go_on(folder: Path, trial: str) -> int:
    """Check that no worker repeated more than the epoch that was being reported when one died.

    A repeated epoch has no row of its own, but Tune counts it.

    Returns the number of workers that recorded a row.
    """
    workers = [list(rows) for _, rows in itertools.groupby(rows_of(folder, trial), _pid)]
    for before, after in itertools.pairwise(workers):
        assert after[0]["epoch"] == before[-1]["epoch"] + 1
        assert after[0]["iterations_since_restore"] <= 2
    return len(workers)


def _pid(row: dict[str, Any]) -> int:
    return int(row["pid"])


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    with Driver(tmp_path) as driver:
        for num_rows in (2, 4):
            assert kill_worker(driver, tmp_path, "sgd", num_rows) is not None
        assert driver.wait() == 0, driver.output
    assert driver.output.count(f"tried again: {DEAD}") == 2
    assert check_retries_go_on(tmp_path, "sgd") == 3
    check_equal(tmp_path)
    print(summary_row("SIGKILL of a worker", 2, 2, 0, True))


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_worker_killed_too_often_fails_alone(tmp_path: Path) -> None:
    with Driver(tmp_path, "--max-failures", "1") as driver:
        for num_rows in (1, 2):
            assert kill_worker(driver, tmp_path, "sgd", num_rows) is not None
        assert driver.wait() == 1, driver.output
    done = len(read_record(study_root(tmp_path)).finished)
    assert NUM_ROWS // 2 <= done < NUM_ROWS, "the other trial's rows, and a milestone perhaps"
    assert f"{done} of {NUM_ROWS} rows are finished" in driver.output
    [line] = [line for line in driver.output.splitlines() if line.startswith("failed: ")]
    reason, _, traceback = line.partition(" (traceback: ")
    assert "sgd" in reason and reason.endswith(DEAD) and traceback.endswith("error.txt)")
    [error] = study_root(tmp_path).glob("tune/*/*/error.txt")
    assert error.read_text().splitlines()[-1] == DEAD
    finish(tmp_path, "--max-failures", "1")
    print(summary_row("SIGKILL of a worker, once more than is allowed", 1, 1, 0, True))


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_workers_killed_at_random(tmp_path: Path, seed: int) -> None:
    """Both trials' workers die again and again, at any moment of an epoch."""
    generator, num_kills = random.Random(seed), 0
    with Driver(tmp_path, "--max-failures", "100") as driver:
        while num_kills < 12:
            trial = generator.choice(["sgd", "adam"])
            seen = len(rows_of(tmp_path, trial))
            if seen >= 6:
                trial = "adam" if trial == "sgd" else "sgd"
                seen = len(rows_of(tmp_path, trial))
            if kill_worker(driver, tmp_path, trial, seen + 1) is None:
                break
            num_kills += 1
            time.sleep(2 * generator.random())
        assert driver.wait(300) == 0, driver.output
    assert num_kills >= 6
    for trial in ("sgd", "adam"):
        check_retries_go_on(tmp_path, trial)
    check_equal(tmp_path)
    recorded = json.dumps({t: len(rows_of(tmp_path, t)) for t in ("sgd", "adam")})
    print(summary_row(f"SIGKILL of workers at random ({recorded})", num_kills, num_kills, 0, True))
