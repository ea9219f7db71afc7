"""The order in which Tune starts trials, without a look at the ended ones."""

from __future__ import annotations

from ray.tune.experiment import Trial

from tune_app.trial_queue import TrialQueue


def queue_of(*names: str) -> tuple[TrialQueue, dict[str, Trial]]:
    queue = TrialQueue()
    trials = {name: Trial("resnet", stub=True, trial_id=name) for name in names}
    for trial in trials.values():
        queue.on_trial_add(None, trial)
    return queue, trials


def first(queue: TrialQueue) -> str | None:
    trial = queue.choose_trial_to_run(None)
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
