"""Limits that end a launch or a trial."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from tune_app.engine import limiter as module
from tune_app.engine.limiter import LaunchStopper, Limiter
from tune_app.engine.own_function import FAILURE
from tune_app.planning.limits import Limits
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.study.stop import Stop
from tune_app.study.trial_record import AT_RETURN


class Clock:
    """Stands for the module ``time``."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    killed: list[str] = []
    monkeypatch.setattr(module, "kill_for_good", lambda trial: killed.append(trial.trial_id))
    return killed


def trial_of(name: str = "t", *, milestones: tuple[int, ...] = (9,), **resources: float) -> Any:
    plan = {"trial_key": name, "milestones": list(milestones), "resources": resources}
    return SimpleNamespace(trial_id=name, config={"plan": plan}, last_result={})


def limiter_of(
    limits: Limits,
    stops: dict[str, Stop] | None = None,
    *,
    takes_best: bool = False,
    recorded: dict[str, Any] | None = None,
    begun: dict[str, int] | None = None,
    **spent: float,
) -> Limiter:
    rule = ResultRule(Objective("score", "max"), takes_best)
    stops = {} if stops is None else stops
    return Limiter(
        limits, stops, spent, started=100.0, rule=rule, recorded=recorded or {}, begun=begun or {}
    )


def test_a_launch_ends_at_its_time_limit(clock: Clock) -> None:
    limiter = limiter_of(Limits(seconds=60.0))
    stopper = LaunchStopper(lambda trial_id: trial_id == "bad", limiter)
    clock.now = 159.0
    limiter.on_step_end(0, [])
    assert not stopper.stop_all() and limiter.reached == ""
    clock.now = 160.0
    limiter.on_step_end(1, [])
    assert stopper.stop_all() and limiter.reached == "the time limit of 1 min 00 s"
    assert not limiter.is_target
    assert stopper("bad", {}) and not stopper("good", {})


@pytest.mark.parametrize("ended", ["on_trial_complete", "on_trial_recover", "on_trial_error"])
def test_the_cost_counts_ended_and_running_trials(
    clock: Clock, killed: list[str], ended: str
) -> None:
    limiter = limiter_of(Limits(max_cost=("CPU", 1.0), trial_seconds=1000.0))
    one, two = trial_of("one", CPU=2.0, GPU=1.0), trial_of("two", CPU=1.0)
    limiter.on_trial_start(0, [], one)
    clock.now += 900  # 0.5 hours of a CPU
    getattr(limiter, ended)(0, [], one)
    clock.now += 5000  # in which nothing runs
    limiter.on_trial_start(0, [], two)
    clock.now += 900
    limiter.on_step_end(0, [])
    getattr(limiter, ended)(0, [], two)
    limiter.on_trial_start(0, [], trial_of("three", CPU=1.0))
    clock.now += 890
    limiter.on_step_end(0, [])
    assert limiter.reached == ""
    clock.now += 10
    limiter.on_step_end(0, [])
    assert limiter.reached == "the cost of 1 CPU hours" and not killed


def test_the_limit_that_is_reached_first_is_named(clock: Clock) -> None:
    limiter = limiter_of(Limits(seconds=60.0, target=("score", 1.0)))
    clock.now = 160.0
    limiter.on_step_end(0, [])
    limiter.goes_on(trial_of(), {"epoch": 9, "milestone": 9, "score": 2.0})
    assert limiter.reached == "the time limit of 1 min 00 s" and not limiter.is_target


@pytest.mark.parametrize(
    ("mode", "scores", "is_reached"),
    [("max", (0.9, 0.98), False), ("max", (0.9, 0.99), True), ("min", (0.995, 0.98), True)],
)
def test_the_target_is_reached_by_the_result_of_a_row(
    mode: str, scores: tuple[float, ...], is_reached: bool
) -> None:
    limiter = limiter_of(Limits(target=("val_accuracy", 0.99), mode=mode))
    trial = trial_of(milestones=(1, 9))
    limiter.goes_on(trial, {"epoch": 5, "val_accuracy": 1.0 if mode == "max" else 0.0})
    assert limiter.reached == "", "no row ends at that epoch"
    for epoch, score in zip((1, 9), scores, strict=True):
        limiter.goes_on(trial, {"epoch": epoch, "milestone": epoch, "val_accuracy": score})
    assert bool(limiter.reached) == limiter.is_target == is_reached


def reached_by(
    rows: list[dict[str, Any]],
    *,
    target: tuple[str, float] = ("score", 1.0),
    stops: bool = False,
    **options: Any,
) -> bool:
    """Return whether a function that reports rows and returns has reached a target."""
    stopped: dict[str, Stop] = {}
    limiter = limiter_of(Limits(target=target), stopped, **options)
    trial = trial_of(milestones=(AT_RETURN,))
    limiter.on_trial_start(0, [], trial)
    for row in rows:
        limiter.goes_on(trial, row)
        assert limiter.reached == "", "it has not returned"
    if stops:
        stopped["t"] = Stop("stopped", 1, "asha")
    limiter.on_trial_complete(0, [], trial)
    assert limiter.is_target == bool(limiter.reached)
    return limiter.is_target


def score_rows(*values: float) -> list[dict[str, Any]]:
    return [{"epoch": epoch, "score": value} for epoch, value in enumerate(values, start=1)]


def test_the_target_of_a_function_without_epochs_is_looked_at_when_it_returns() -> None:
    assert reached_by(score_rows(0.5, 2.0))
    assert not reached_by(score_rows(2.0, 0.5)), "its last row is its result"
    assert reached_by([*score_rows(2.0), {"epoch": 2, "loss": 0.1}]), "that has no score"


def test_the_best_row_reaches_the_target_if_it_is_the_result() -> None:
    assert reached_by(score_rows(0.5, 2.0, 0.6), takes_best=True)
    assert not reached_by(score_rows(0.5, 0.9, 0.6), takes_best=True)


def test_the_target_may_be_another_measure_of_the_row_that_is_the_result() -> None:
    rows = [{"epoch": 1, "score": 2.0, "speed": 3.0}, {"epoch": 2, "score": 1.0, "speed": 5.0}]
    assert reached_by(rows, target=("speed", 4.0))
    assert not reached_by(rows, target=("speed", 4.0), takes_best=True)
    assert reached_by(rows, target=("speed", 3.0), takes_best=True)


def test_rows_of_earlier_launches_and_attempts_count_as_far_as_the_last_attempt_came() -> None:
    earlier = {1: {"score": 2.0}}
    second = [{"epoch": 2, "score": 0.5}]
    assert reached_by(second, takes_best=True, recorded={"t": earlier})
    assert not reached_by(second, takes_best=True, recorded={"other": earlier})
    assert not reached_by(score_rows(0.5), takes_best=True, recorded={"t": earlier}), "anew"
    lost = {3: {"score": 2.0}}
    assert not reached_by(second, takes_best=True, recorded={"t": lost})
    assert reached_by([], takes_best=True, recorded={"t": earlier}), "nothing was left to train"


def test_the_rows_before_a_search_took_a_trial_further_count() -> None:
    stops: dict[str, Stop] = {}
    limiter = limiter_of(Limits(target=("score", 1.0)), stops, takes_best=True)
    first, further = (trial_of(milestones=(AT_RETURN,)) for _ in range(2))
    first.trial_id = "before"
    limiter.goes_on(first, {"epoch": 1, "score": 2.0})
    stops["before"] = Stop("stopped", 1, "asha")
    limiter.on_trial_complete(0, [], first)
    assert not limiter.reached, "it has no result yet"
    limiter.goes_on(further, {"epoch": 2, "score": 0.5})
    limiter.on_trial_complete(0, [], further)
    assert limiter.is_target


def test_a_trial_without_a_result_reaches_no_target() -> None:
    assert not reached_by([*score_rows(2.0), {FAILURE: "ValueError", "epoch": 1}])
    assert not reached_by(score_rows(2.0), stops=True)
    assert not reached_by([])


def test_a_trial_over_its_time_ends_at_its_next_report(clock: Clock, killed: list[str]) -> None:
    stops: dict[str, Stop] = {}
    limiter = limiter_of(Limits(trial_seconds=60.0), stops, t=30.0)
    trial = trial_of()
    limiter.on_trial_start(0, [], trial)
    clock.now += 29
    assert limiter.goes_on(trial, {"epoch": 1}) and not stops
    clock.now += 1  # 30 seconds of an earlier launch count
    assert not limiter.goes_on(trial, {"epoch": 2})
    assert stops == {"t": Stop("timed_out", 2, seconds=60.0)}
    limiter.on_step_end(0, [])
    assert not killed, "it has been ended already"


def test_the_last_report_of_a_trial_is_its_end_in_any_case(clock: Clock) -> None:
    limiter = limiter_of(Limits(trial_seconds=60.0))
    trial = trial_of()
    limiter.on_trial_start(0, [], trial)
    clock.now += 90
    assert limiter.goes_on(trial, {"epoch": 9})


def test_a_trial_that_does_not_report_is_killed_once(clock: Clock, killed: list[str]) -> None:
    stops: dict[str, Stop] = {}
    limiter = limiter_of(Limits(trial_seconds=60.0), stops)
    trial, other = trial_of("hangs"), trial_of("young")
    limiter.on_trial_start(0, [], trial)
    limiter.goes_on(trial, {"epoch": 3})
    clock.now += 60
    limiter.on_trial_start(0, [], other)
    for step in range(3):
        limiter.on_step_end(step, [])
    assert killed == ["hangs"] and stops == {"hangs": Stop("timed_out", 3, seconds=60.0)}


def test_a_trial_that_is_killed_before_it_reports_came_as_far_as_before(
    clock: Clock, killed: list[str]
) -> None:
    stops: dict[str, Stop] = {}
    limiter = limiter_of(Limits(trial_seconds=60.0), stops, begun={"earlier": 4})
    first = trial_of("promoted")
    limiter.on_trial_start(0, [], first)
    limiter.goes_on(first, {"epoch": 3})
    limiter.on_trial_complete(0, [], first)
    further = trial_of("promoted")
    further.trial_id = "further"
    for trial in (further, trial_of("earlier")):
        limiter.on_trial_start(0, [], trial)
    clock.now += 60
    limiter.on_step_end(0, [])
    assert {name: stop.epoch for name, stop in stops.items()} == {"further": 3, "earlier": 4}


def test_a_retry_goes_on_with_the_trials_clock(clock: Clock) -> None:
    limiter = limiter_of(Limits(trial_seconds=60.0), t=10.0)
    trial = trial_of()
    limiter.on_trial_start(0, [], trial)
    clock.now += 30
    limiter.on_trial_recover(0, [], trial)
    clock.now += 500
    limiter.on_trial_start(0, [], trial)
    assert limiter.goes_on(trial, {"epoch": 1})
    clock.now += 20
    assert not limiter.goes_on(trial, {"epoch": 2})


def test_tune_can_pickle_it(clock: Clock) -> None:
    limiter = limiter_of(Limits())
    limiter.on_trial_start(0, [], trial_of())
    assert pickle.loads(pickle.dumps(limiter)).reached == ""


def test_a_trial_whose_worker_died_before_it_was_stopped_goes_on(clock: Clock) -> None:
    """It would be recorded as stopped at its end otherwise."""
    stops = {"t": Stop("stopped", 3, "asha")}
    limiter_of(Limits(), stops).on_trial_start(0, [], trial_of())
    assert not stops
