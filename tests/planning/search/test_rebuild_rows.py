"""What a search that is made anew learns from its log and from the rows of the study."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from search_spaces.configuration import Config, make_configuration
from search_spaces.space import SearchSpace
from tests.planning.search.executor import SEED, Disk, Executor
from tests.planning.search.opened import begin, new
from tests.planning.search.spaces import finite_space, loss, make_space
from tune_app.planning.search.sampler import Sampler, Told
from tune_app.planning.search.search import Search
from tune_app.planning.search.steps import Promote
from tune_app.study.rows import RowOutcome
from tune_app.study.search_settings import SearchSettings
from tune_app.study.trials import Report, Trial


def open_on(
    disk: Disk, settings: SearchSettings, space: SearchSpace, *, can_resume: bool = True
) -> Search:
    return Executor(space, settings, disk, loss, can_resume=can_resume).open()


class Listening(Sampler):
    """Keeps what it hears of."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.told: list[Told] = []

    def begin(self, number: int, config: Config) -> None:
        self.heard.append(f"begin {number}")

    def restore(self, number: int, attempt: int) -> None:
        self.heard.append(f"restore {number} at {attempt}")

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        self.heard.append(f"tell {number}")
        self.told.append(told)


@pytest.mark.parametrize(
    ("sampler", "space", "attempt", "heard"),
    [
        ("random", make_space(), 3, ["restore 0 at 3", "begin 0", "tell 0", "restore 1 at 0"]),
        ("tpe", make_space(), 3, ["begin 0", "tell 0", "begin 1", "tell 1"]),
        # It was asked 20 times for what had not been tried. Then one was drawn at random.
        ("tpe", make_space(), 20, ["restore 0 at 19", "begin 0", "tell 0", "begin 1"]),
        ("tpe", finite_space(), 3, []),
    ],
)
def test_a_sampler_hears_again_of_what_is_of_its_space_and_restores_what_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
    sampler: str,
    space: SearchSpace,
    attempt: int,
    heard: list[str],
) -> None:
    disk, settings = Disk(), SearchSettings("random", 2)
    Executor(make_space(), settings, disk, loss).run()
    disk.events[0]["attempt"] = attempt
    listening = Listening()
    monkeypatch.setattr(
        "tune_app.planning.search.rebuild.make_sampler", lambda *_args, **_options: listening
    )
    open_on(disk, replace(settings, sampler=sampler), space)
    assert listening.heard[:4] == heard


def outcome(status: str, *rows: dict[str, Any]) -> RowOutcome:
    history = {row["epoch"]: Report(None, row) for row in rows}  # type: ignore[arg-type]
    report = history[max(history)] if status == "finished" else None
    return RowOutcome(status, "", report, Trial("key", [], history=history), 9)


def test_rows_that_end_without_a_value_are_told_as_they_are() -> None:
    disk = Disk()
    search = begin(disk=disk)
    first, second, third = new(search), new(search), new(search)
    found = {
        (first, SEED): outcome("unfinished", {"epoch": 1, "val_loss": 0.5}, {"epoch": 2}),
        (second, SEED): outcome("finished", {"epoch": 9, "another": 0.5}),
        (third, SEED): outcome("timed_out", {"epoch": 1, "val_loss": 0.5}),
    }
    again = begin(disk=disk, outcomes=found)
    assert again.trials[0].values == {1: 0.5}
    assert [(e["number"], e["state"]) for e in disk.events[3:]] == [
        (1, "diverged"),
        (2, "timed_out"),
    ]


def test_a_trial_that_timed_out_is_told_once() -> None:
    disk = Disk()
    search = begin(disk=disk)
    trial = new(search)
    search.on_result(trial, 1, 0.5)
    search.on_end(trial, "timed_out", 0.5)
    begin(disk=disk, outcomes={(trial, SEED): outcome("timed_out", {"epoch": 1, "val_loss": 0.5})})
    assert [event["event"] for event in disk.events] == ["ask", "tell"]


def test_without_its_trials_a_search_has_the_values_of_its_log() -> None:
    disk = Disk()
    search = begin(disk=disk)
    trial = new(search)
    search.on_result(trial, 1, 0.5)
    search.on_end(trial, "stopped")
    assert not disk.rows and begin(disk=disk).stopping.rungs == {1: {0: 0.5}}


def test_a_trial_whose_directory_is_gone_runs_again_and_is_not_to_be_stopped() -> None:
    """There is no directory that could say that it was stopped, so it would be waited for."""
    disk = Disk()
    search = begin(disk=disk)
    trial = new(search)
    search.on_result(trial, 1, 0.5)
    search.on_end(trial, "stopped")
    again = begin(disk=disk, outcomes={(trial, SEED): RowOutcome("missing", "no trial has begun")})
    assert again.to_stop == {} and again.trials[0].state == "running"


def test_a_row_of_a_grid_that_diverged_is_evidence_of_that(monkeypatch: pytest.MonkeyPatch) -> None:
    point = {"lr": 0.1, "batch": 1, "drop": 0.5, "epochs": 9}
    config_id = make_configuration(point).config_id
    disk = Disk(rows={config_id: {1: 0.5, 2: None}}, configurations={config_id: point})
    listening = Listening()
    monkeypatch.setattr(
        "tune_app.planning.search.rebuild.make_sampler", lambda *_args, **_options: listening
    )
    search = open_on(disk, SearchSettings("random", 2), finite_space())
    assert listening.told == [Told("diverged")] and search.proposals.tried == {config_id}


def test_what_cannot_go_on_from_its_rung_does_not_wait_there() -> None:
    disk, settings = Disk(), SearchSettings("random", 2, stopping="asha", reduction=2, rungs=(1,))
    search = open_on(disk, settings, make_space())
    first, second = new(search), new(search)
    disk.rows, disk.stopped = {first: {1: 0.2}, second: {1: 0.1}}, {first: 1, second: 1}
    step = open_on(disk, settings, make_space()).next()
    assert step == Promote(1, step.configuration, 1, ())
    again = open_on(disk, settings, make_space(), can_resume=False)
    assert again.next() is None and again.is_done
