"""The suite as a whole, with commands that take no time."""

from __future__ import annotations

import itertools

import pytest

from tests.benchmarks.peers import suite
from tests.benchmarks.peers.summary import Noops, Run, Trial
from tests.benchmarks.peers.systems import Peer
from tests.benchmarks.peers.work import Grid, configurations


def test_every_system_is_measured_beside_ours_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def run(peer: Peer, grid: Grid) -> Run:
        order.append(peer.name)
        ends = itertools.count(11.0)
        trials = [Trial(next(ends), (5.0, 4.0) if 2 in grid["epochs"] else ())] * 2
        return Run(0.0, 1.0, 20.0, tuple(trials * (len(configurations(grid)) // 2)), peer.num_slots)

    def our_study() -> tuple[float, list[Trial]]:
        order.append("study")
        return 100.0, [Trial(50.0, (1.0,) * 5)] * 32

    def our_noops() -> Noops:
        order.append("ours")
        return Noops(128, 9.0, 0.02)

    monkeypatch.setattr(Peer, "run", run)
    monkeypatch.setattr(suite, "our_study", our_study)
    monkeypatch.setattr(suite, "our_noops", our_noops)
    monkeypatch.setattr(suite, "num_usable_cpus", lambda: 2)
    ours, *others = suite.run(2)
    names = [system.system for system in others]
    assert order == [
        *("ours", *names),
        *(*reversed(names), "ours"),
        *(*names, "study", *reversed(names)),
    ]
    assert (ours.epochs, ours.images_per_second, ours.is_extrapolated) == (160, 2 * 560.0, False)
    assert {(system.epochs, system.is_extrapolated) for system in others} == {(448, True)}
    assert [len(system.noops) for system in (ours, *others)] == [2] * 5


def test_more_cores_than_trials_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suite, "num_usable_cpus", lambda: 16)
    assert list(suite.run(1)) == []
    assert "taskset -c 0-3 python -m tests.benchmarks peers" in capsys.readouterr().err
