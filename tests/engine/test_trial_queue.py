"""The order in which Tune starts trials, without a look at the ended ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ray.tune.experiment import Trial

from tune_app.engine import trial_queue
from tune_app.engine.trial_queue import TrialQueue
from tune_app.planning.resources import Cluster

CPU, GPU = {"CPU": 1.0}, {"CPU": 1.0, "GPU": 1.0}


class Controller:
    """What a queue asks of Tune's controller."""

    def __init__(self) -> None:
        self.max_pending_trials = 4
        self.search_alg = self
        self.completed: list[str] = []

    def on_trial_complete(self, trial_id: str, *, error: bool) -> None:
        self.completed.append(trial_id)

    def update_max_pending_trials(self, number: int) -> None:
        self.max_pending_trials = number


def trial_of(name: str, resources: Mapping[str, float] = CPU) -> Trial:
    config = {"plan": {"resources": dict(resources)}}
    return Trial("resnet", stub=True, trial_id=name, config=config)


def queue_of(*names: str) -> tuple[TrialQueue, dict[str, Trial]]:
    queue = TrialQueue(Cluster(({"CPU": 2.0},)).num_slots, max_waiting=4)
    trials = {name: trial_of(name) for name in names}
    for trial in trials.values():
        queue.on_trial_add(None, trial)
    return queue, trials


def first(queue: TrialQueue) -> str | None:
    trial = queue.choose_trial_to_run(Controller())
    return trial.trial_id if trial else None


def test_the_first_that_waits_is_chosen_until_it_runs() -> None:
    queue, trials = queue_of("a", "b", "c")
    assert [first(queue), first(queue)] == ["a", "a"]
    trials["a"].set_status(Trial.RUNNING)
    assert first(queue) == "b"
    trials["b"].set_status(Trial.PAUSED)
    assert first(queue) == "c", "a paused one comes after those that wait"
    trials["c"].set_status(Trial.TERMINATED)
    assert first(queue) == "b"
    trials["b"].set_status(Trial.ERROR)
    assert first(queue) is None, "the only one left runs"


def test_a_trial_that_is_tried_again_queues() -> None:
    queue, trials = queue_of("a", "b")
    trials["a"].set_status(Trial.RUNNING)
    trials["a"].set_status(Trial.PENDING)
    queue.on_trial_add(None, trials["a"])
    assert first(queue) == "b"
    trials["b"].set_status(Trial.RUNNING)
    assert first(queue) == "a"


def test_a_trial_that_a_worker_gave_back_keeps_its_place() -> None:
    queue, trials = queue_of("a", "b")
    trials["a"].set_status(Trial.RUNNING)
    assert first(queue) == "b"
    trials["a"].set_status(Trial.PENDING)
    assert first(queue) == "a"


def test_ended_trials_are_not_kept() -> None:
    queue, trials = queue_of("a", "b")
    trials["a"].set_status(Trial.TERMINATED)
    assert first(queue) == "b"
    assert list(queue._open) == ["b"]


def test_trials_of_a_lost_node_take_no_places_from_those_that_can_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trial_queue, "REFRESH_SECONDS", 0.0)
    nodes = [{"CPU": 4.0}, {"CPU": 4.0, "GPU": 4.0}]
    queue = TrialQueue(lambda kind: Cluster(tuple(nodes)).num_slots(kind), max_waiting=4)
    controller = Controller()
    on_gpus = [trial_of(f"gpu{n}", GPU) for n in range(4)]
    for trial in [*on_gpus, trial_of("cpu")]:
        queue.on_trial_add(None, trial)
    queue.choose_trial_to_run(controller)
    assert controller.max_pending_trials == 4
    for trial in on_gpus[:3]:
        trial.set_status(Trial.RUNNING)
    lost = nodes.pop()
    for trial in on_gpus[:3]:
        trial.set_status(Trial.PENDING)
        queue.on_trial_add(None, trial)
    queue.choose_trial_to_run(controller)
    assert controller.max_pending_trials == 8, (
        "four that ran or waited there, and four that can run"
    )
    nodes.append(lost)
    queue.choose_trial_to_run(controller)
    assert controller.max_pending_trials == 4


def test_a_trial_is_stopped_by_the_first_judge_that_says_so() -> None:
    asked: list[str] = []

    def judge(name: str, verdict: bool) -> Any:
        def goes_on(trial: Trial, result: dict[str, Any]) -> bool:
            asked.append(f"{name} of {trial.trial_id} at {result['epoch']}")
            return verdict

        return goes_on

    slots = Cluster(({"CPU": 2.0},)).num_slots
    trial = trial_of("a")
    agreed = TrialQueue(slots, 4, [judge("one", True), judge("two", True)])
    assert agreed.on_trial_result(None, trial, {"epoch": 1}) == TrialQueue.CONTINUE
    stopped = TrialQueue(slots, 4, [judge("no", False), judge("late", True)])
    assert stopped.on_trial_result(None, trial, {"epoch": 2}) == TrialQueue.STOP
    assert asked == ["one of a at 1", "two of a at 1", "no of a at 2"]


def test_a_trial_that_ended_without_notice_is_reported_once() -> None:
    lost: list[str] = []
    slots = Cluster(({"CPU": 2.0},)).num_slots
    queue = TrialQueue(slots, 4, on_lost=lambda trial: lost.append(trial.trial_id))
    trials = {name: trial_of(name) for name in ("told", "failed", "lost")}
    for trial in trials.values():
        queue.on_trial_add(None, trial)
    queue.on_trial_complete(None, trials["told"], {})
    queue.on_trial_error(None, trials["failed"])
    for trial in trials.values():
        trial.set_status(Trial.ERROR)
    controller = Controller()
    assert queue.choose_trial_to_run(controller) is queue.choose_trial_to_run(controller) is None
    assert lost == controller.completed == ["lost"], "its place is free again"
