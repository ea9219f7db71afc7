"""How long threads wait for a core, by counts made by hand and by two processes on one core."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.connection import Connection

import pytest

from tune_app.training import core_wait
from tune_app.training.core_wait import CoreWait, Counts

SECOND = 10**9


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, Counts]]:
    """Return what the clock and the system will say, one entry per look; the last one stays."""
    looks: list[tuple[float, Counts]] = []
    monkeypatch.setattr(time, "monotonic", lambda: looks[0][0])
    monkeypatch.setattr(
        core_wait, "_counts", lambda: (looks.pop(0) if len(looks) > 1 else looks[0])[1]
    )
    return looks


def test_the_share_is_of_the_time_since_the_last_answer(
    machine: list[tuple[float, Counts]],
) -> None:
    machine += [
        (0.0, {"1": (5 * SECOND, 5 * SECOND)}),
        (2.0, {"1": (6 * SECOND, 6 * SECOND), "2": (2 * SECOND, 0)}),
        (4.0, {"1": (9 * SECOND, 6 * SECOND), "2": (2 * SECOND, 1 * SECOND)}),
    ]
    wait = CoreWait()
    assert wait.note() == {"waited_share": 0.25}, "1 s of 1 + 1 + 2 s"
    assert wait.share() == 0.25, "1 s of 3 + 1 s"


def test_a_thread_that_ended_or_has_an_old_number_counts_from_zero(
    machine: list[tuple[float, Counts]],
) -> None:
    machine += [
        (0.0, {"1": (5 * SECOND, 5 * SECOND), "2": (9 * SECOND, 9 * SECOND)}),
        (9.0, {"2": (1 * SECOND, 3 * SECOND)}),
    ]
    assert CoreWait().share() == 0.75


def test_short_times_are_left_to_the_next_answer(machine: list[tuple[float, Counts]]) -> None:
    machine += [
        (0.0, {"1": (0, 0)}),
        (0.5, {}),
    ]
    wait = CoreWait()
    assert wait.note() == {}, "asked again too early"
    machine[:] = [(2.0, {"1": (SECOND // 2, 0)}), (3.0, {"1": (SECOND, SECOND)})]
    assert wait.share() is None, "it slept most of the time"
    assert wait.share() == 0.5


def test_what_the_system_does_not_count_is_unknown(machine: list[tuple[float, Counts]]) -> None:
    machine += [(0.0, {}), (5.0, {})]
    assert CoreWait().note() == {}


def _compute(core: int, connection: Connection) -> None:
    os.sched_setaffinity(0, {core})
    connection.send("ready")
    connection.recv()
    wait, end = CoreWait(), time.monotonic() + 3
    while time.monotonic() < end:
        pass
    connection.send(wait.share())


def test_two_processes_on_one_core_wait_for_each_other() -> None:
    core = min(os.sched_getaffinity(0))
    spawn = multiprocessing.get_context("spawn")
    ends = [spawn.Pipe() for _ in range(2)]
    processes = [spawn.Process(target=_compute, args=(core, there)) for _, there in ends]
    for process in processes:
        process.start()
    for here, _ in ends:
        assert here.recv() == "ready"
    for here, _ in ends:
        here.send("go")
    shares = [here.recv() for here, _ in ends]
    for process in processes:
        process.join()
    if None in shares:
        pytest.skip("this system does not count how long threads wait")
    assert all(share > 0.2 for share in shares), shares
