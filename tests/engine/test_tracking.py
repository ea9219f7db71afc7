"""Results that go to an experiment tracker too; those of the real packages where installed."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from search_spaces.errors import UserError
from tune_app.cli.run_command import main
from tune_app.engine import tracking
from tune_app.engine.tracking import TrackingCallback, open_tracker

ROW = {"epoch": 1, "status": "ok", "val_accuracy": 0.5, "train_loss": float("nan"), "pid": 7}
BEGUN, BEGUN_LATER = "2026-01-01T12:00:00+00:00", "2026-01-01T12:00:01+00:00"
STUDY = "20260101T1200000000"


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


def make_trial(number: int = 1) -> Any:
    plan = {"trial_key": f"key{number}", "name": f"trial-{number}"}
    config = {"lr": 0.1, "gamma": None, "seed": 0, "plan": plan}
    return SimpleNamespace(trial_id=f"id{number}", config=config)


def run_trial(callback: TrackingCallback, trial: Any, *, failed: bool = False) -> None:
    callback.log_trial_start(trial)
    callback.log_trial_result(1, trial, dict(ROW))
    callback.log_trial_end(trial, failed=failed)


def test_parameters_and_finite_metrics_are_sent() -> None:
    tracker = Recording()
    callback = TrackingCallback(tracker, BEGUN)
    run_trial(callback, make_trial(1))
    run_trial(callback, make_trial(2), failed=True)
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
    assert [entry[0] for entry in tracker.told] == ["begin", "log", "end"]


def test_a_resumed_study_goes_on_in_its_runs_and_another_has_its_own() -> None:
    tracker = Recording()
    for created_at in (BEGUN, BEGUN, BEGUN_LATER, "it's / damaged" * 99, ""):
        run_trial(TrackingCallback(tracker, created_at), make_trial())
    first, resumed, fresh, damaged, without = [e[1] for e in tracker.told if e[0] == "begin"]
    assert first == resumed and len({first, fresh, damaged, without}) == 4
    assert all(re.fullmatch("[0-9A-Za-z-]{1,50}", key) for key in (first, damaged, without))


@pytest.mark.parametrize("method", ["begin", "log", "end"])
def test_a_tracker_that_fails_is_given_up_and_named(method: str) -> None:
    tracker = Recording(failing=method)
    callback = TrackingCallback(tracker, BEGUN)
    run_trial(callback, make_trial(1))
    told = list(tracker.told)
    run_trial(callback, make_trial(2))
    assert tracker.told == told, "it is asked no more"
    assert callback.problem == (
        "the tracker failed and got no more results: ConnectionError: the server is away"
    )


def test_the_callback_is_pickled_without_its_connection() -> None:
    callback = TrackingCallback(Recording(), BEGUN)
    callback.log_trial_start(make_trial())
    again = pickle.loads(pickle.dumps(callback))
    run_trial(again, make_trial())
    assert again.problem is None


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_missing_package_is_named_before_anything_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(tracking.TRACKERS, name, "no_such_package")
    words = ["--space", "q1a", "--log-to", name, "--results-dir", str(tmp_path)]
    assert main(words) == 2
    message = capsys.readouterr().err
    assert f"pip install 'tune-app[{name}]'" in message and message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_asked_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "check_installed", lambda name: None)
    for variable in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(UserError, match="nobody is logged in"):
        open_tracker("wandb", tmp_path / "results" / "q1a")
    assert list(tmp_path.iterdir()) == []


def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="wandb is an extra that is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_DIR", raising=False)
    root = tmp_path / "results" / "q1a"
    callback = TrackingCallback(open_tracker("wandb", root), BEGUN)
    first, second = make_trial(1), make_trial(2)
    for trial in (first, second):
        callback.log_trial_start(trial)
    for trial in (first, second):
        callback.log_trial_result(1, trial, dict(ROW))
        callback.log_trial_end(trial)
    assert callback.problem is None
    files = sorted(path.name for path in root.parent.glob("wandb/offline-run-*/run-*.wandb"))
    assert files == [f"run-q1a-{STUDY}-key{number}.wandb" for number in (1, 2)]
    assert not root.exists(), "nothing is put into the study"


def test_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    pytest.importorskip("sqlalchemy", reason="mlflow's database needs it")
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "results" / "q1a"
    for epoch in (1, 2):  # a second launch goes on with the same run
        callback = TrackingCallback(open_tracker("mlflow", root), BEGUN)
        trial = make_trial()
        callback.log_trial_start(trial)
        callback.log_trial_result(epoch, trial, {**ROW, "epoch": epoch})
        callback.log_trial_end(trial, failed=epoch == 1)
        assert callback.problem is None
    client = MlflowClient(tracking_uri=f"sqlite:///{root.parent / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("q1a")
    assert experiment is not None
    [run] = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"lr": "0.1", "gamma": "None", "seed": "0"}
    history = client.get_metric_history(run.info.run_id, "val_accuracy")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.5)]
    assert run.info.status == "FINISHED" and run.info.run_name == "trial-1"
    another = TrackingCallback(open_tracker("mlflow", root), BEGUN_LATER)
    run_trial(another, make_trial())
    assert another.problem is None
    assert len(client.search_runs([experiment.experiment_id])) == 2, "a study begun anew"
    assert len(client.get_metric_history(run.info.run_id, "val_accuracy")) == 2


def test_a_deleted_mlflow_experiment_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    pytest.importorskip("sqlalchemy", reason="mlflow's database needs it")
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "results" / "q1a"
    open_tracker("mlflow", root)
    uri = f"sqlite:///{root.parent / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("q1a")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    with pytest.raises(UserError) as caught:
        open_tracker("mlflow", root)
    restore = f"mlflow experiments restore --experiment-id {experiment.experiment_id}`"
    assert f"the experiment q1a was deleted there; restore it with `MLFLOW_TRACKING_URI={uri} " in (
        str(caught.value)
    )
    assert restore in str(caught.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.replace("///", "////"))
    with pytest.raises(UserError, match="restore it with `mlflow experiments"):
        open_tracker("mlflow", root)
    client.restore_experiment(experiment.experiment_id)
    open_tracker("mlflow", root)


def test_an_mlflow_server_that_is_away_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"--log-to mlflow: .*127\.0\.0\.1"):
        open_tracker("mlflow", tmp_path / "q1a")
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" in os.environ
