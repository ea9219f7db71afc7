"""The driver is killed with SIGKILL; the same command finishes the study with the same numbers."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.chaos.harness import (
    Driver,
    Record,
    check_nothing_is_repeated,
    finish,
    read_record,
    study_root,
    summary_row,
)

ONE_AT_A_TIME = ("--max-concurrent", "1")
MIN_RANDOM_KILLS = 20
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where Ray keeps its object stores)
Moment = Callable[[Driver], bool]
"""Waits for the moment to kill; False if the driver ended before."""

pytestmark = pytest.mark.timeout(600)


def launch_and_kill(folder: Path, moment: Moment, *arguments: str) -> tuple[Driver, bool]:
    """Start the study, kill its driver at a moment and check what is on disk."""
    root = study_root(folder)
    before = read_record(root)
    with Driver(folder, *arguments) as driver:
        killed = moment(driver)
        if killed:
            driver.kill()
    check_kill(root, before)
    return driver, killed


def launch_with_injection(folder: Path, injection: Sequence[object]) -> Record:
    """Start the study with a driver that kills itself; check and return what is on disk."""
    root = study_root(folder)
    before = read_record(root)
    with Driver(folder, *ONE_AT_A_TIME, injection=injection) as driver:
        assert driver.wait() == -9, driver.output
    return check_kill(root, before)


def check_kill(root: Path, before: Record) -> Record:
    after = read_record(root)
    assert before.finished <= after.finished, "a finished row was lost"
    check_nothing_is_repeated(root, before)
    return after


def when_printed(text: str) -> Moment:
    return lambda driver: driver.wait_for_output(text)


def when_checkpointing(root: Path) -> Moment:
    """Return the moment at which a checkpoint directory appears that was not there before."""
    before = set(root.glob("tune/*/*/checkpoint_*"))
    return lambda driver: driver.wait_for(lambda: set(root.glob("tune/*/*/checkpoint_*")) - before)


def when_recorded(root: Path, num_epochs: int) -> Moment:
    """Return the moment at which so many epochs of the study are recorded."""
    return lambda driver: driver.wait_for(
        lambda: sum(map(len, read_record(root).epochs.values())) >= num_epochs
    )


def after_seconds(delay: float) -> Moment:
    def wait(driver: Driver) -> bool:
        deadline = time.monotonic() + delay
        return driver.wait_for(lambda: time.monotonic() >= deadline)

    return wait


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_killed_within_a_line_the_study_equals_an_undisturbed_one(tmp_path: Path) -> None:
    # The line of the first milestone is torn: its weights are saved, and nothing says how good.
    record = launch_with_injection(tmp_path, ("fsync", "/result.json", 2, "tear"))
    assert {epoch for epochs in record.epochs.values() for epoch in epochs} == {1}
    finish(tmp_path)


@pytest.mark.chaos
def test_killed_before_anything_and_at_a_checkpoint(tmp_path: Path) -> None:
    root = study_root(tmp_path)
    launch_with_injection(tmp_path, ("fsync", "/.study.json", 1, "before"))
    assert not (root / "study.json").exists()
    driver, killed = launch_and_kill(tmp_path, when_checkpointing(root))
    assert killed, driver.output
    finish(tmp_path)
    driver.wait_until_ray_is_gone()
    assert not list(tmp_path.rglob(".*.[0-9]*")), "half-written files are cleared away"


@pytest.mark.chaos
def test_a_second_driver_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with Driver(tmp_path) as first:
        assert first.wait_for_output("dashboard:")
        with Driver(tmp_path) as second:
            assert second.wait() == 2
        assert second.output.count("\n") == 1, "refused before a cluster is started"
        holder = f"process {first.process.pid} on {socket.gethostname()}"
        assert f"study chaos is being run by {holder};" in second.output
        assert first.process.poll() is None
        first.kill()
    finish(tmp_path)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_killed_at_every_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One study, killed at one point after the other; the last kills find a study almost done."""
    root = study_root(tmp_path)
    points: list[tuple[object, ...]] = [
        ("fsync", "/.study.json", 1, "before"),
        ("fsync", "/.study.json", 1, "tear"),
        ("replace", "/.study.json", 1, "before"),
        ("replace", "/.study.json", 1, "after"),
        ("fsync", "/.study.json", 1, "tear"),
        ("fsync", "/.params.json", 1, "before"),
        ("replace", "/.params.json", 1, "after"),
        ("fsync", "/result.json", 1, "before"),
        ("fsync", "/result.json", 1, "after"),
        ("fsync", "/result.json", 1, "tear"),
        ("fsync", "/result.json", 3, "tear"),
        ("fsync", "/.params.json", 2, "before"),
    ]
    for point in points:
        launch_with_injection(tmp_path, point)
    moments = {
        "start of Ray": when_printed("starting Ray"),
        "new checkpoint": when_checkpointing(root),
        "last trial": when_recorded(root, 11),
    }
    for name, moment in moments.items():
        _, killed = launch_and_kill(tmp_path, moment, *ONE_AT_A_TIME)
        assert killed, name
    finish(tmp_path)
    tried = len(points) + len(moments)
    print_row(capsys, summary_row("driver killed at a chosen write", tried, tried, 0, True))


@pytest.mark.chaos
@pytest.mark.timeout(2400)
def test_killed_at_random_moments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Studies are killed until they are finished, and another begun, until enough kills are done.

    Every second restart waits for the last Ray to be gone; the others run beside its remains.
    """
    seed = 20
    rng = random.Random(seed)
    num_kills = num_studies = 0
    slowest_end, drivers = 0.0, []
    shared_memory = set(SHARED_MEMORY.iterdir())
    while num_kills < MIN_RANDOM_KILLS:
        folder = tmp_path / f"study{num_studies}"
        folder.mkdir()
        num_studies += 1
        killed = True
        while killed and num_kills < 2 * MIN_RANDOM_KILLS:
            driver, killed = launch_and_kill(folder, random_moment(rng, study_root(folder)))
            num_kills += killed
            drivers.append(driver)
            if killed and num_kills % 2:
                slowest_end = max(slowest_end, driver.wait_until_ray_is_gone())
        assert not killed, f"no progress in {num_kills} kills (seed {seed})"
        finish(folder)
    for driver in drivers:
        driver.wait_until_agents_are_gone()
    left = set(SHARED_MEMORY.iterdir()) - shared_memory
    assert not left, "object stores pile up in shared memory"
    fault = f"driver killed at a random moment ({num_studies} studies, seed {seed})"
    print_row(capsys, summary_row(fault, num_kills, num_kills, 0, True))
    with capsys.disabled():
        print(f"Ray was gone at most {slowest_end:.1f} s after a kill")


def random_moment(rng: random.Random, root: Path) -> Moment:
    """Return a moment in the start-up, in training, in a checkpoint or in the last trial."""
    kind = rng.choice(("start-up", "training", "training", "checkpoint", "last trial"))
    if kind == "start-up":
        return after_seconds(rng.uniform(0, 8))
    delay = after_seconds(rng.uniform(0, 4))
    event = {
        "training": when_printed("dashboard:"),
        "checkpoint": when_checkpointing(root),
        "last trial": when_recorded(root, 10),
    }[kind]
    if kind == "checkpoint":
        delay = after_seconds(rng.uniform(0, 0.3))
    return lambda driver: event(driver) and delay(driver)


def print_row(capsys: pytest.CaptureFixture[str], row: str) -> None:
    with capsys.disabled():
        print(f"\n{row}")
