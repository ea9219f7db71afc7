"""Results that go to an experiment tracker too."""

from __future__ import annotations

import pickle
import re
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from tests.engine.tracked import BEGUN, BEGUN_LATER, STUDY, make_trial, run_trial
from tune_app.engine.tracking import TrackingCallback


class Recording:
    """A tracker that keeps what it is told, and fails when asked to."""

    def __init__(self, failing: str = "") -> None:
        self.told: list[tuple[Any, ...]] = []
        self._failing = failing

    def begin(self, key: str, name: str, params: Mapping[str, Any]) -> str:
        self._tell("begin", key, name, dict(params))
        return key

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        self._tell("log", run, dict(metrics), epoch)

    def end(self, run: Any, failed: bool) -> None:
        self._tell("end", run, failed)

    def _tell(self, method: str, *words: Any) -> None:
        if method == self._failing:
            raise ConnectionError("the server\nis away")
        self.told.append((method, *words))


def test_parameters_and_finite_metrics_are_sent() -> None:
    tracker = Recording()
    callback = TrackingCallback(tracker, BEGUN)
    run_trial(callback, make_trial(1))
    run_trial(callback, make_trial(2), failed=True)
    callback.close()
    assert tracker.told[:3] == [
        ("begin", f"{STUDY}-key1", "trial-1", {"lr": 0.1, "gamma": None, "seed": 0}),
        ("log", f"{STUDY}-key1", {"val_accuracy": 0.5}, 1),
        ("end", f"{STUDY}-key1", False),
    ]
    assert tracker.told[-1] == ("end", f"{STUDY}-key2", True) and callback.problem is None


def test_a_retried_trial_keeps_its_run() -> None:
    tracker = Recording()
    callback = TrackingCallback(tracker, BEGUN)
    callback.log_trial_start(make_trial())
    run_trial(callback, make_trial())
    callback.close()
    assert [entry[0] for entry in tracker.told] == ["begin", "log", "end"]


def test_a_resumed_study_goes_on_in_its_runs_and_another_has_its_own() -> None:
    tracker = Recording()
    for created_at in (BEGUN, BEGUN, BEGUN_LATER, "it's / damaged" * 99, ""):
        callback = TrackingCallback(tracker, created_at)
        run_trial(callback, make_trial())
        callback.close()
    first, resumed, fresh, damaged, without = [e[1] for e in tracker.told if e[0] == "begin"]
    assert first == resumed and len({first, fresh, damaged, without}) == 4
    assert all(re.fullmatch("[0-9A-Za-z-]{1,50}", key) for key in (first, damaged, without))


@pytest.mark.parametrize("method", ["begin", "log", "end"])
def test_a_tracker_that_fails_is_given_up_and_named(method: str) -> None:
    tracker = Recording(failing=method)
    callback = TrackingCallback(tracker, BEGUN)
    run_trial(callback, make_trial(1))
    run_trial(callback, make_trial(2))
    callback.close()
    told = {"begin": [], "log": ["begin"], "end": ["begin", "log"]}[method]
    assert [entry[0] for entry in tracker.told] == told, "it is asked no more"
    assert callback.problem == (
        "the tracker failed and got no more results: ConnectionError: the server is away"
    )


def test_a_tracker_that_hangs_holds_up_nothing() -> None:
    answers = threading.Event()

    class Hanging(Recording):
        def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
            answers.wait()
            super().log(run, metrics, epoch)

    tracker = Hanging()
    callback = TrackingCallback(tracker, BEGUN)
    for number in range(100):
        run_trial(callback, make_trial(number))
    callback.close(seconds=0.05)
    assert callback.problem == "the tracker did not take all results within 0.05 s"
    answers.set()


def test_the_callback_is_pickled_without_its_connection() -> None:
    callback = TrackingCallback(Recording(), BEGUN)
    callback.log_trial_start(make_trial())
    assert pickle.dumps(callback)
    callback.close()
