"""What a user's function reports, and asks for, goes through ours before it reaches Ray."""

from __future__ import annotations

import importlib
import inspect
import os
import threading
from typing import Any

import pytest
from ray import tune
from ray.tune.result import RESULT_DUPLICATE
from ray.tune.trainable.function_trainable import wrap_function

from tune_app.engine import ray_internals


class FakeSession:
    """Stands for Ray's session of a trial: it keeps what is reported to it."""

    def __init__(self) -> None:
        self.loaded_checkpoint: Any = "of this launch"
        self.reported: list[tuple[Any, Any]] = []

    def report(self, metrics: Any, checkpoint: Any = None) -> None:
        self.reported.append((metrics, checkpoint))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    session = FakeSession()
    for module in ("ray.train._internal.session", "ray.tune.trainable.trainable_fn_utils"):
        monkeypatch.setattr(f"{module}.get_session", lambda: session)
    return session


def pass_on(report: Any, metrics: Any, checkpoint: Any) -> None:
    report({"epoch": 1, **metrics}, checkpoint=checkpoint)


def ignore() -> None:
    """Ignore that a function asks for its checkpoint."""


def test_what_a_function_reports_goes_through_a_handler(session: FakeSession) -> None:
    with ray_internals.own_reports(pass_on, "of an earlier launch", ignore):
        assert tune.get_checkpoint() == "of an earlier launch"
        tune.report({"loss": 0.5})
        tune.report(metrics={}, checkpoint=tune.Checkpoint("/saved"))
    saved = session.reported[1][1]
    assert session.reported == [({"epoch": 1, "loss": 0.5}, None), ({"epoch": 1}, saved)]
    assert saved.path == "/saved"


def test_it_is_noticed_when_a_function_asks_for_its_checkpoint(session: FakeSession) -> None:
    asked: list[Any] = []
    with ray_internals.own_reports(pass_on, "earlier", lambda: asked.append("asked")):
        tune.report({"loss": 0.5})
        session.loaded_checkpoint = "newer"  # as Ray does when a checkpoint was reported
        assert asked == []
        assert tune.get_checkpoint() == "newer" and asked == ["asked"]
    assert tune.get_checkpoint() == "newer" and asked == ["asked"], "the trial is over"


def test_after_the_end_only_tunes_own_word_for_it_is_passed_on(session: FakeSession) -> None:
    with ray_internals.own_reports(pass_on, None, ignore):
        assert tune.get_checkpoint() is None
    session.report({"loss": 99.0})
    session.report({RESULT_DUPLICATE: True})
    assert session.reported == [({RESULT_DUPLICATE: True}, None)]


def test_a_thread_of_an_earlier_trial_reports_nothing(session: FakeSession) -> None:
    begun, ended = threading.Event(), threading.Event()

    def report_late() -> None:
        begun.wait()
        tune.report({"loss": 99.0})
        ended.set()

    threading.Thread(target=report_late, daemon=True).start()
    with ray_internals.own_reports(pass_on, None, ignore):
        begun.set()
        assert ended.wait(60)
        own = threading.Thread(target=lambda: tune.report({"loss": 0.5}))
        own.start()
        own.join()
    assert session.reported == [({"epoch": 1, "loss": 0.5}, None)]


def test_a_process_of_the_function_is_told_that_it_cannot_report(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ray_internals.own_reports(pass_on, None, ignore):
        monkeypatch.setattr(os, "getpid", lambda: 1)
        with pytest.raises(RuntimeError, match="send the results to the function"):
            tune.report({"loss": 0.5})
    assert session.reported == []


def test_a_session_is_what_own_reports_takes_it_for() -> None:
    session = importlib.import_module("ray.train._internal.session")._TrainSession
    assert list(inspect.signature(session.report).parameters) == ["self", "metrics", "checkpoint"]
    assert "self.loaded_checkpoint = " in inspect.getsource(session.reset)
    assert "get_session().loaded_checkpoint" in inspect.getsource(tune.get_checkpoint)
    assert "get_session().report({RESULT_DUPLICATE: True})" in inspect.getsource(wrap_function)
