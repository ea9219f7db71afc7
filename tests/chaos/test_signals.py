"""SIGINT and SIGTERM stop a study in order: it says how to go on, and the same command does."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.harness import (
    Driver,
    check_equal,
    check_nothing_is_repeated,
    finish,
    read_record,
    study_root,
)

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
LONGEST_STOP = 20.0
"""Seconds for an orderly end; 2 to 7 on an idle machine."""
AT_ONCE = 5.0
"""Seconds for a second signal, which waits for nothing."""

pytestmark = pytest.mark.timeout(600)


def command_that_goes_on(driver: Driver) -> list[str]:
    """Return the words of the command that the stopped driver printed."""
    [line] = [line for line in driver.output.splitlines() if line.startswith("stopped by ")]
    return shlex.split(line.partition("to continue: ")[2])


def train_until_recorded(folder: Path, driver: Driver) -> None:
    """Wait until the driver has recorded an epoch of its own."""
    known = {path: path.stat().st_size for path in results(folder)}
    assert driver.wait_for(
        lambda: any(path.stat().st_size > known.get(path, 0) for path in results(folder))
    ), driver.output


def results(folder: Path) -> list[Path]:
    return list(study_root(folder).glob("tune/*/*/result.json"))


def check_stop(driver: Driver, number: signal.Signals, longest: float = LONGEST_STOP) -> None:
    """Send a signal and check how the driver ends."""
    started = time.monotonic()
    driver.send(number)
    check_end(driver, number, longest, started)


def check_end(driver: Driver, number: signal.Signals, longest: float, started: float) -> None:
    """Check that the driver ends as after a signal, and takes its Ray along."""
    assert driver.wait(longest) == STATUS[number], driver.output
    print(f"{number.name}: ended after {time.monotonic() - started:.1f} s")
    assert "Traceback" not in driver.output
    assert f"stopped by {number.name};" in driver.output
    driver.wait_until_ray_is_gone()


@pytest.mark.chaos
def test_stopped_in_training_by_both_signals(tmp_path: Path) -> None:
    root = study_root(tmp_path)
    for number in STATUS:
        before = read_record(root)
        with Driver(tmp_path) as driver:
            train_until_recorded(tmp_path, driver)
            check_stop(driver, number)
            command = command_that_goes_on(driver)
        assert before.finished <= read_record(root).finished
        check_nothing_is_repeated(root, before)
    before = read_record(root)
    assert command[:3] == ["python", "-m", "tune_app.run"]
    subprocess.run([sys.executable, *command[1:]], check=True, timeout=240)
    check_nothing_is_repeated(root, before)
    check_equal(tmp_path)


@pytest.mark.chaos
@pytest.mark.parametrize("delay", [0.2, 2.0])
@pytest.mark.parametrize("number", STATUS)
def test_stopped_while_ray_starts(tmp_path: Path, number: signal.Signals, delay: float) -> None:
    """First while Ray is imported; later while ``ray.init`` waits, with its own SIGTERM handler."""
    with Driver(tmp_path) as driver:
        assert driver.wait_for_output("starting Ray")
        time.sleep(delay)
        check_stop(driver, number)
    assert not (study_root(tmp_path) / "study.json").exists()


@pytest.mark.chaos
def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    with Driver(tmp_path) as driver:
        train_until_recorded(tmp_path, driver)
        driver.send(signal.SIGINT)
        time.sleep(0.3)
        check_stop(driver, signal.SIGINT, AT_ONCE)
    read_record(study_root(tmp_path))


@pytest.mark.chaos
@pytest.mark.parametrize("number", STATUS)
def test_a_signal_to_the_whole_group_stops_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """A terminal's Ctrl-C and a batch system's end reach every process of the driver's group."""
    with Driver(tmp_path) as driver:
        train_until_recorded(tmp_path, driver)
        started = time.monotonic()
        os.killpg(driver.process.pid, number)
        check_end(driver, number, LONGEST_STOP, started)
    finish(tmp_path)


@pytest.mark.chaos
def test_ended_by_timeout_stops_in_order(tmp_path: Path) -> None:
    """``timeout`` sends its signal to the command and then again to the whole group."""
    with Driver(tmp_path, prefix=["timeout", "25"]) as driver:
        assert driver.wait(25 + LONGEST_STOP) == 124, driver.output
        assert "Traceback" not in driver.output
        assert "stopped by SIGTERM;" in driver.output
    finish(tmp_path)
