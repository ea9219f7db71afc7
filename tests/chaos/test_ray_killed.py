"""Ray's own processes die under a running study, or all of it is put to sleep for a while."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.chaos.harness import (
    Driver,
    check_nothing_is_repeated,
    finish,
    read_record,
    study_root,
    summary_row,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


def epochs_recorded(folder: Path) -> int:
    return sum(map(len, read_record(study_root(folder)).epochs.values()))


def ray_process(driver: Driver, name: str) -> psutil.Process:
    children = psutil.Process(driver.process.pid).children(recursive=True)
    return next(process for process in children if process.name() == name)


@pytest.mark.parametrize("name", ["gcs_server", "raylet"])
def test_the_driver_ends_and_the_same_command_goes_on(tmp_path: Path, name: str) -> None:
    with Driver(tmp_path) as driver:
        assert driver.wait_for(lambda: epochs_recorded(tmp_path) >= 2), driver.output
        ray_process(driver, name).kill()
        killed = time.monotonic()
        status = driver.wait(180)
        print(f"{name} killed: exit status {status} after {time.monotonic() - killed:.0f} s")
        assert status != 0, driver.output
    driver.wait_until_ray_is_gone()
    before = read_record(study_root(tmp_path))
    finish(tmp_path)
    check_nothing_is_repeated(study_root(tmp_path), before)
    print(summary_row(f"Ray's {name} killed", 1, 1, 0, True))


def test_a_machine_that_sleeps_goes_on(tmp_path: Path) -> None:
    """All processes are stopped for a while, as when a laptop's lid is closed."""
    with Driver(tmp_path) as driver:
        assert driver.wait_for(lambda: epochs_recorded(tmp_path) >= 2), driver.output
        processes = [
            psutil.Process(driver.process.pid),
            *psutil.Process(driver.process.pid).children(recursive=True),
        ]
        for process in processes:
            os.kill(process.pid, signal.SIGSTOP)
        time.sleep(90)
        for process in reversed(processes):
            os.kill(process.pid, signal.SIGCONT)
        assert driver.wait() == 0, driver.output
    finish(tmp_path)
    print(summary_row("everything asleep for 90 s", 1, 1, 0, True))
