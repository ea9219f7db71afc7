"""The decisions of a search, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import make_configuration
from tests.planning.search.executor import Disk, trainable
from tests.planning.search.opened import ASHA, begin, new
from tests.planning.search.spaces import make_space
from tune_app.planning.search.search import Search
from tune_app.planning.search.steps import New, Promote
from tune_app.study.search_settings import SearchSettings
from tune_app.training.parameter import Parameter


def test_a_new_trial_is_logged_and_begun_before_it_is_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk, begun = Disk(), list[int]()
    search = begin(disk=disk)
    monkeypatch.setattr(search.sampler, "begin", lambda number, _config: begun.append(number))
    found = search.next()
    assert isinstance(found, New) and begun == [0]
    assert found.number == 0 and found.rungs == (1, 3)
    assert disk.events == [
        {
            "event": "ask",
            "number": 0,
            "config_id": found.configuration.config_id,
            "config": found.configuration.config,
            "from": "random",
        }
    ]


def test_a_stopped_trial_is_promoted_once_it_has_ended() -> None:
    disk = Disk()
    search = begin(disk=disk)
    first, second = new(search), new(search)
    assert search.rungs_of(first) == (1, 3) and search.rungs_of("unknown") == ()
    assert not search.on_result(first, 1, 0.9)  # one of one: the best half is nobody
    assert not search.on_result(second, 1, 0.1)
    assert isinstance(search.next(), New)  # the first still writes its checkpoint
    search.on_end(first, "stopped")
    search.on_end(second, "stopped")
    promoted = search.next()
    assert isinstance(promoted, Promote)
    assert promoted == (0, promoted.configuration, 1, (3,))
    assert promoted.configuration.config_id == first
    assert search.stopping.promoted == {1: {0}} and isinstance(search.next(), New)
    tells = [event for event in disk.events if event["event"] == "tell"]
    assert {tuple(event["measures"]) for event in tells} == {("val_loss",)}
    assert [(e["number"], e["state"], e["value"], e["values"]) for e in tells] == [
        (0, "stopped", 0.9, {"1": 0.9}),
        (1, "stopped", 0.1, {"1": 0.1}),
    ]


def test_between_the_rungs_nothing_is_decided() -> None:
    search = begin()
    config_id = new(search)
    assert not search.on_result(config_id, 1, 0.5)
    assert search.on_result(config_id, 2, -9.0)
    assert search.on_result("a replicate or a row of the grid", 1, 0.0)
    search.on_end("a replicate or a row of the grid", "finished", 1.0)
    assert len(search.trials) == 1


def test_the_first_report_at_or_after_a_rung_stands_for_it() -> None:
    """Trials that report the objective every other epoch have none at the rungs 1 and 3."""
    disk = Disk()
    search = begin(disk=disk)
    first, second, third = new(search), new(search), new(search)
    assert not search.on_result(first, 2, 0.5)
    search.on_end(first, "stopped")
    assert search.on_result(second, 2, 0.6)  # the best half of two
    assert not search.on_result(second, 4, 0.7)  # alone at rung 3
    search.on_end(second, "stopped")
    assert not search.on_result(third, 2, 0.1)
    search.on_end(third, "stopped")
    assert search.stopping.rungs == {1: {0: 0.5, 1: 0.6, 2: 0.1}, 3: {1: 0.7}}
    disk.rows = {first: {2: 0.5}, second: {2: 0.6, 4: 0.7}, third: {2: 0.1}}
    disk.stopped = {first: 2, second: 4, third: 2}
    assert begin(disk=disk).stopping == search.stopping
    fourth = new(search)
    assert not search.on_result(fourth, 2, 0.2)
    search.on_end(fourth, "stopped")
    promoted = search.next()  # the second best of four
    assert isinstance(promoted, Promote)
    assert (promoted.number, promoted.epoch, promoted.rungs) == (0, 2, (3,))


def test_a_trial_that_was_stopped_between_other_rungs_still_goes_on() -> None:
    """``--reduction`` changed the rungs from 1, 3, 9 to 1, 2, 4, 8: it is past 2 and before 4."""
    disk = Disk()
    first = begin(replace(ASHA, rungs=(1, 3)), disk)
    best, other = new(first), new(first)
    disk.rows, disk.stopped = {best: {1: 0.9, 2: 0.9, 3: 0.9}}, {best: 3, other: 2}
    disk.rows[other] = {1: 0.1, 2: 0.1}
    step = begin(replace(ASHA, rungs=(1, 2, 4, 8)), disk).next()
    assert step == Promote(0, step.configuration, 3, (4, 8))  # of two at rung 2 the best


def diverged_after_the_first_rung(disk: Disk) -> Search:
    """Return a search whose second trial went on from rung 1 and diverged in epoch 2."""
    search = begin(disk=disk)
    first, second = new(search), new(search)
    assert not search.on_result(first, 1, 0.1)
    search.on_end(first, "stopped")
    assert search.on_result(second, 1, 0.9)  # the best half of two
    assert search.on_result(second, 2, None)
    search.on_end(second, "diverged")
    disk.rows = {first: {1: 0.1}, second: {1: 0.9, 2: None}}
    disk.stopped = {first: 1}
    return search


def test_a_trial_that_diverged_is_the_worst_of_the_next_rung_and_keeps_its_value_before() -> None:
    disk = Disk()
    for search in (diverged_after_the_first_rung(disk), begin(disk=disk)):
        assert search.stopping.rungs == {1: {0: 0.1, 1: 0.9}, 3: {1: None}}
        assert search.trials[1].state == "diverged"
    tells = [event for event in disk.events if event["event"] == "tell"]
    assert [event["number"] for event in tells] == [0, 1]  # nothing is told again
    # Of two that came to rung 3 one goes on: the other one, be it ever so bad.
    third = new(search)
    assert not search.on_result(third, 1, 0.5)  # of three the best: the one that diverged
    search.on_end(third, "stopped")
    fourth = new(search)
    assert search.on_result(fourth, 1, 0.6)
    assert search.on_result(fourth, 3, -5.0)


def test_a_search_is_done_when_nothing_is_left_to_start() -> None:
    search = begin(SearchSettings("random", 2))
    first, second = new(search), new(search)
    assert search.next() is None and not search.is_done
    search.on_end(first, "finished", 0.5)
    assert search.next() is None and not search.is_done
    search.on_end(second, "failed")
    assert search.next() is None and search.is_done and search.proposals.ended_because == ""


def test_a_search_goes_on_while_a_trial_that_waits_may_go_on() -> None:
    search = begin(replace(ASHA, num_trials=4, rungs=(1,)))
    for value in (0.5, 0.9, 0.1, 0.2):
        assert not search.is_done, "there are more to try"
        trial = new(search)
        goes_on = search.on_result(trial, 1, value)
        assert goes_on == (value == 0.9)
        search.on_end(trial, "finished" if goes_on else "stopped", value)
    assert not search.is_done, "of four the best two go on"
    step = search.next()
    assert step == Promote(0, step.configuration, 1, ())
    search.on_end(step.configuration.config_id, "finished", 0.6)
    assert search.is_done


def test_the_last_trial_that_is_left_goes_to_its_end_without_another_pause() -> None:
    search = begin(replace(ASHA, num_trials=2))
    trial, other = new(search), new(search)
    assert not search.on_result(trial, 1, 0.5)
    search.on_end(trial, "stopped")
    assert search.next() is None, "the other one may come to its end"
    search.on_end(other, "failed")
    assert not search.is_done and isinstance(search.next(), Promote)
    assert search.on_result(trial, 3, 0.5), "alone at rung 3, where ASHA would wait for others"


def test_a_search_waits_for_a_trial_that_may_take_longer_now() -> None:
    search = begin(SearchSettings("random", 1))
    trial = new(search)
    search.on_end(trial, "timed_out")
    assert search.is_done
    search.on_result(trial, 2, 0.5)
    assert not search.is_done


def test_a_failed_trial_is_to_be_run_again_by_the_next_launch() -> None:
    disk = Disk()
    search = begin(SearchSettings("random", 1), disk)
    config_id = new(search)
    search.on_end(config_id, "failed")
    disk.failed.add(config_id)
    again = begin(SearchSettings("random", 1), disk)
    assert again.next() is None and not again.is_done
    again.on_result(config_id, 9, 0.5)
    again.on_end(config_id, "finished", 0.5)
    assert again.is_done
    assert [e["state"] for e in disk.events if e["event"] == "tell"] == ["failed", "finished"]


def test_a_pause_that_was_not_noted_is_named() -> None:
    """The driver was killed after the row of the rung, before it could stop the trial."""
    disk = Disk()
    config_id = new(begin(disk=disk))
    disk.rows[config_id] = {1: 0.5}
    search = begin(disk=disk)
    assert search.to_stop == {config_id: 1}
    search.on_end(config_id, "stopped")
    assert search.to_stop == {}
    assert disk.events[-1]["state"] == "stopped" and disk.events[-1]["value"] == 0.5


def test_a_sampler_that_proposes_only_what_was_tried_is_helped_out() -> None:
    class Stubborn:
        def __init__(self, *_arguments: Any, **_options: Any) -> None:
            self.asked: list[tuple[int, int]] = []

        def ask(self, number: int, attempt: int) -> dict[str, Any]:
            self.asked.append((number, attempt))
            return {"lr": 0.5, "epochs": 9}

        def tell(self, *_arguments: Any) -> None:
            pass

    space = make_space(param_space={"lr": tune.choice([0.1, 0.5, 0.9]), "epochs": 9})
    disk = Disk()
    search = begin(SearchSettings("random", 5), disk, space)
    search.proposals._sampler = stubborn = Stubborn()  # type: ignore[assignment]
    proposed = [new(search) for _ in range(3)]
    assert proposed[0] == make_configuration({"lr": 0.5, "epochs": 9}).config_id
    assert stubborn.asked[:2] == [(0, 0), (1, 0)] and stubborn.asked[-1] == (2, 19)
    assert search.next() is None
    assert (
        search.proposals.ended_because
        == "the space has 3 configurations, and all of them were tried"
    )
    assert {config["lr"] for config in disk.asked().values()} == {0.1, 0.5, 0.9}
    assert [event.get("attempt") for event in disk.events] == [None, 20, 20]


def test_how_often_a_sampler_was_asked_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    space, disk = make_space(param_space={"lr": tune.choice([0.1, 0.5]), "epochs": 9}), Disk()
    search = begin(SearchSettings("random", 5), disk, space)
    ask = {0: 0.5, 1: 0.5, 2: 0.1}
    monkeypatch.setattr(search.sampler, "ask", lambda _number, n: {"lr": ask[n], "epochs": 9})
    assert new(search) != new(search)
    assert [event.get("attempt") for event in disk.events] == [None, 2]


def test_a_row_that_leaves_a_default_out_is_the_point_with_it() -> None:
    axes = {"lr": tune.choice([0.1, 0.5]), "drop": tune.choice([0.0, 0.3]), "epochs": 9}
    disk = Disk()
    left_out = make_configuration({"epochs": 9, "lr": 0.5})
    disk.configurations[left_out.config_id] = left_out.config
    disk.rows[left_out.config_id] = {9: 1.0}
    toy = replace(trainable(), parameters={"drop": Parameter(float, default=0.0)})
    search = begin(SearchSettings("grid", 5), disk, make_space(param_space=axes), toy)
    while search.next() is not None:
        pass
    found = [(config["lr"], config["drop"]) for config in disk.asked().values()]
    assert found == [(0.1, 0.0), (0.1, 0.3), (0.5, 0.3)]
    assert (
        search.proposals.ended_because
        == "the space has 4 configurations, and all of them were tried"
    )


def test_what_a_trial_that_begins_again_had_reported_is_not_told() -> None:
    disk = Disk()
    search = begin(disk=disk)
    trial = new(search)
    for epoch in (1, 2, 3):
        search.on_result(trial, epoch, epoch / 10)
    search.forget(trial, 2)
    assert search.trials[0].values == {1: 0.1}
    search.on_result(trial, 2, 0.7)
    search.on_end(trial, "failed", None, {3: 0.8})
    assert disk.events[-1]["values"] == {"1": 0.1, "2": 0.7, "3": 0.8}
    assert disk.events[-1]["value"] is None
    search.forget("of no proposal", 1)
