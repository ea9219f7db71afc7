"""In which order trials are handed to Tune when they ask for different things."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.search import Searcher

from tune_app.engine import searcher
from tune_app.engine.searcher import PlannedTrials, StartedTrials
from tune_app.planning.resources import Cluster

CPU, GPU = {"CPU": 1.0}, {"CPU": 1.0, "GPU": 1.0}
CLUSTER = Cluster(({"CPU": 4.0}, {"CPU": 4.0, "GPU": 2.0}))


def configs(*kinds: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"x": x, "plan": {"resources": dict(kind)}} for x, kind in enumerate(kinds)]


class Dealing:
    """Asks as Tune does, and names each trial by the number of its configuration."""

    def __init__(
        self,
        *kinds: Mapping[str, float],
        in_order: bool = False,
        is_limited: bool = False,
        cluster: Cluster = CLUSTER,
    ) -> None:
        self.started = StartedTrials()
        self.trials = PlannedTrials(
            configs(*kinds),
            self.started,
            cluster.num_slots,
            max_waiting=8 if is_limited else 4,
            in_order=in_order,
            is_limited=is_limited,
        )
        self.ids: dict[int, str] = {}
        self.finished = False

    def deal(self) -> list[int]:
        """Return what is dealt until there is nothing for now."""
        dealt = []
        while isinstance(config := self.trials.suggest(f"id{len(self.ids)}"), dict):
            dealt.append(int(config["x"]))
            self.ids[dealt[-1]] = f"id{len(self.ids)}"
        self.finished = config == Searcher.FINISHED
        return dealt

    def start(self, *numbers: int) -> None:
        for number in numbers:
            trial: Any = SimpleNamespace(trial_id=self.ids[number])
            self.started.on_trial_start(0, [], trial)

    def end(self, *numbers: int) -> None:
        for number in numbers:
            self.trials.on_trial_complete(self.ids[number])


def test_trials_of_one_kind_come_in_the_plans_order() -> None:
    dealing = Dealing(CPU, CPU, CPU, CPU, CPU, CPU)
    assert dealing.deal() == [0, 1, 2, 3, 4, 5], "Tune itself stops asking"
    assert dealing.finished


def test_the_scarce_kind_comes_first_and_spreads_before_the_others_begin() -> None:
    dealing = Dealing(CPU, CPU, CPU, CPU, GPU, GPU, GPU, GPU)
    assert dealing.deal() == [4, 5, 0, 1], "two GPU trials fill both GPUs; two of each may wait"
    assert dealing.deal() == []
    dealing.start(0, 1)
    assert dealing.deal() == [2, 3], "GPU trials that wait hold back no other kind"
    dealing.start(4)
    assert dealing.deal() == [6]
    dealing.end(4)
    dealing.start(5)
    assert dealing.deal() == [7]
    assert dealing.finished


def test_others_are_held_back_while_the_scarce_kind_spreads() -> None:
    dealing = Dealing(CPU, *[{"CPU": 1.0, "GPU": 0.25}] * 8)
    assert dealing.deal() == [1, 2], "four more would find room: CPU trials might take it"
    dealing.start(1, 2)
    assert dealing.deal() == [3, 4, 0], "the four CPUs beside the GPUs have their trials"


def test_others_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searcher, "HOLD_SECONDS", 0.0)
    dealing = Dealing(CPU, *[{"CPU": 1.0, "GPU": 0.25}] * 8)
    assert dealing.deal() == [1, 2, 0], "another study may have the GPUs"


def test_under_a_limit_nothing_is_dealt_that_has_to_wait() -> None:
    dealing = Dealing(*[GPU] * 6, *[CPU] * 6, is_limited=True)
    assert dealing.deal() == [0, 1, 6, 7, 8, 9], "two GPUs; Tune's limiter counts what waits"
    dealing.start(0, 1)
    assert dealing.deal() == [], "four CPU trials wait already"
    dealing.end(0)
    assert dealing.deal() == [2]


@pytest.mark.parametrize(("is_limited", "dealt"), [(False, [2, 3, 0, 1]), (True, [2, 3, 0])])
def test_a_kind_that_no_node_can_hold_comes_last(is_limited: bool, dealt: list[int]) -> None:
    without_gpus = Cluster(({"CPU": 4.0},))
    dealing = Dealing(GPU, GPU, CPU, CPU, is_limited=is_limited, cluster=without_gpus)
    assert dealing.deal() == dealt


def test_trials_whose_order_matters_keep_it() -> None:
    dealing = Dealing(CPU, GPU, CPU, GPU, in_order=True)
    assert dealing.deal() == [0, 1, 2, 3]


def test_how_many_trials_a_cluster_holds() -> None:
    assert CLUSTER.num_slots(CPU) == 8
    assert CLUSTER.num_slots(GPU) == 2
    assert CLUSTER.num_slots({"CPU": 1.0, "GPU": 0.25}) == 4, "its node has four CPUs"
    assert CLUSTER.num_slots({"CPU": 5.0}) == 0, "no node is large enough"
    assert CLUSTER.num_slots({"CPU": 0.1}) == 80


class Search:
    """A source of trials that has what it is given, and knows how often it was asked."""

    def __init__(self, *kinds: Mapping[str, float]) -> None:
        self.kinds = list({frozenset(kind.items()): kind for kind in kinds}.values())
        self.left = configs(*kinds)
        self.is_done = False

    def take(self) -> dict[str, Any] | None:
        return self.left.pop(0) if self.left else None


def searching(source: Search, *planned: Mapping[str, float]) -> Dealing:
    dealing = Dealing()
    dealing.trials = PlannedTrials(
        configs(*planned), dealing.started, CLUSTER.num_slots, max_waiting=4, source=source
    )
    return dealing


def test_a_search_is_asked_only_when_a_slot_is_free() -> None:
    source = Search(*[GPU] * 5)
    dealing = searching(source)
    assert dealing.deal() == [0, 1] and len(source.left) == 3, "the cluster holds two of them"
    dealing.start(0, 1)
    assert dealing.deal() == [] and len(source.left) == 3
    dealing.end(0)
    assert dealing.deal() == [2] and len(source.left) == 2
    assert not dealing.finished


def test_interrupted_trials_come_before_those_of_the_search() -> None:
    source = Search(GPU)
    dealing = searching(source, GPU, GPU, GPU)
    assert dealing.deal() == [0, 1] and len(source.left) == 1
    dealing.end(0)
    assert dealing.deal() == [2] and len(source.left) == 1
    dealing.end(1)
    dealing.deal()
    assert not source.left


def test_no_cpu_stands_idle_while_a_search_wants_gpus() -> None:
    source = Search(GPU, GPU, GPU, CPU, GPU, CPU)
    dealing = searching(source)
    dealt = dealing.deal()
    assert dealt == [0, 1, 3, 5], "the third and fourth for a GPU wait"


def test_a_search_that_waits_for_results_is_not_over() -> None:
    source = Search()
    dealing = searching(source)
    assert dealing.deal() == [] and not dealing.finished
    source.is_done = True
    assert dealing.deal() == [] and dealing.finished
