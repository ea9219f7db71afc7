"""The experiment trackers: the checks before a launch, and the real packages where installed."""

from __future__ import annotations

import contextvars
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from search_spaces.errors import UserError
from tests.engine.tracked import BEGUN, BEGUN_LATER, ROW, STUDY, make_trial, run_trial
from tune_app import run_study
from tune_app.cli.run_command import main
from tune_app.engine import trackers
from tune_app.engine.trackers import INSTALLED_BY, Tracker
from tune_app.engine.tracking import TrackingCallback

ROOT = Path(__file__).resolve().parents[2]


def open_tracker(name: str, root: Path) -> Tracker:
    tracker = trackers.open_tracker(name, root)
    assert tracker is not None
    return tracker


def test_the_message_names_the_packages_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, packages in INSTALLED_BY.items():
        extra = {re.split("[<>=]", p)[0] for p in project["optional-dependencies"][name]}
        assert extra == set(packages.split()), name


@pytest.mark.parametrize("name", ["mlflow", "wandb", "trackio"])
def test_a_missing_package_is_named_before_anything_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    words = ["--space", "q1a", "--log-to", name, "--results-dir", str(tmp_path)]
    assert main(words) == 2
    message = capsys.readouterr().err
    assert f"pip install {INSTALLED_BY[name]}" in message and message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_asked_for_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    for variable in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert main(["--space", "q1a", "--log-to", "wandb", "--results-dir", str(tmp_path)]) == 2
    assert "--log-to wandb: nobody is logged in" in capsys.readouterr().err
    with pytest.raises(UserError, match="nobody is logged in"):
        run_study("q1a", log_to="wandb", results_dir=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def run_side_by_side(callback: TrackingCallback) -> None:
    """Run two trials at the same time to their ends."""
    trials = [make_trial(1), make_trial(2)]
    for trial in trials:
        callback.log_trial_start(trial)
    for trial in trials:
        callback.log_trial_result(1, trial, dict(ROW))
        callback.log_trial_end(trial)
    callback.close()


@pytest.mark.slow
def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="wandb is an extra that is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_DIR", raising=False)
    root = tmp_path / "results" / "q1a"
    callback = TrackingCallback(open_tracker("wandb", root), BEGUN)
    run_side_by_side(callback)
    assert callback.problem is None
    files = sorted(path.name for path in root.parent.glob("wandb/offline-run-*/run-*.wandb"))
    assert files == [f"run-q1a-{STUDY}-key{number}.wandb" for number in (1, 2)]
    assert not root.exists(), "nothing is put into the study"


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("loss/val", "loss/val"),
        ("top-5 größe.v2", "top-5 größe.v2"),
        ("recall@10 (%)", "recall_10 ___"),
        ("/a", "_a"),
        ("a//b", "a__b"),
        ("../a", "___a"),
        (".", "_"),
        ("", "_"),
        ("x" * 300, "x" * 250),
    ],
)
def test_a_name_is_made_one_that_mlflow_accepts(name: str, allowed: str) -> None:
    assert trackers.mlflow_name(name) == allowed


@pytest.mark.slow
def test_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    pytest.importorskip("sqlalchemy", reason="mlflow's database needs it")
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "results" / "q1a"
    for epoch in (1, 2):  # a second launch goes on with the same run
        callback = TrackingCallback(open_tracker("mlflow", root), BEGUN)
        trial = make_trial()
        trial.config["drop@out"] = 0.5
        callback.log_trial_start(trial)
        many = {f"hits@{number}": 0.5 for number in range(1_001)}
        callback.log_trial_result(epoch, trial, {**ROW, **many, "epoch": epoch})
        callback.log_trial_end(trial, failed=epoch == 1)
        callback.close()
        assert callback.problem is None
    client = MlflowClient(tracking_uri=f"sqlite:///{root.parent / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("q1a")
    assert experiment is not None
    [run] = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"lr": "0.1", "gamma": "None", "seed": "0", "drop_out": "0.5"}
    history = client.get_metric_history(run.info.run_id, "val_accuracy")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.5)]
    assert run.info.status == "FINISHED" and run.info.run_name == "trial-1"
    another = TrackingCallback(open_tracker("mlflow", root), BEGUN_LATER)
    run_trial(another, make_trial())
    another.close()
    assert another.problem is None
    assert len(client.search_runs([experiment.experiment_id])) == 2, "a study begun anew"
    assert len(client.get_metric_history(run.info.run_id, "val_accuracy")) == 2


@pytest.mark.slow
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


def test_an_mlflow_server_that_is_away_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert trackers.open_tracker("mlflow", tmp_path / "q1a") is None
    (line,) = [r.getMessage() for r in caplog.records if r.name == trackers.__name__]
    assert re.fullmatch(r"note: --log-to mlflow: .*gets no results: .*127\.0\.0\.1.*", line)
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" in os.environ


TRACKIO = """
class Run:
    def __init__(self, **given):
        self.given, self.rows, self.is_over = given, [], False

    def log(self, metrics, step=None):
        assert not self.is_over
        self.rows.append((metrics, step))

    def finish(self):
        print("* Run finished")
        self.is_over = True


_current = contextvars.ContextVar("current", default=None)
runs = []


def init(**given):
    if (before := _current.get()) is not None:
        before.finish()  # as Trackio does
    print("* Trackio project initialized")
    _current.set(Run(**given))
    runs.append(_current.get())
    return runs[-1]
"""


def test_trackio_has_many_runs_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in: Any = ModuleType("trackio")
    stand_in.contextvars = contextvars
    exec(TRACKIO, vars(stand_in))  # noqa: S102 (like the real module in what matters here)
    monkeypatch.setitem(sys.modules, "trackio", stand_in)
    callback = TrackingCallback(open_tracker("trackio", tmp_path / "q1a"), BEGUN)
    run_side_by_side(callback)
    assert callback.problem is None and capsys.readouterr().out == ""
    assert [run.rows for run in stand_in.runs] == [[({"val_accuracy": 0.5}, 1)]] * 2
    given = stand_in.runs[0].given
    assert (given["project"], given["resume"]) == ("q1a", "allow")
    assert given["name"] == f"trial-1key1-{STUDY}" and given["config"]["lr"] == 0.1


@pytest.mark.slow
def test_the_real_trackio(tmp_path: Path) -> None:
    """In a process of its own, as Trackio reads where its files are when it is imported."""
    if importlib.util.find_spec("trackio") is None:
        pytest.skip("trackio is an extra that is not installed")
    variables = {**os.environ, "TRACKIO_DIR": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", REAL_TRACKIO], capture_output=True, text=True, env=variables,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 runs, epochs of the first: [1, 2, 3]\n", done.stdout + done.stderr


REAL_TRACKIO = """
from pathlib import Path
from tests.engine.test_trackers import BEGUN, ROW, TrackingCallback, make_trial, open_tracker
for epochs in ([1, 2], [3]):  # the second launch goes on with the first one's run
    callback = TrackingCallback(open_tracker("trackio", Path("q1a")), BEGUN)
    for number in (1, 2):
        callback.log_trial_start(make_trial(number))
        for epoch in epochs:
            callback.log_trial_result(epoch, make_trial(number), {**ROW, "epoch": epoch})
    for number in (1, 2):
        callback.log_trial_end(make_trial(number))
    callback.close()
    assert callback.problem is None, callback.problem
from trackio.sqlite_storage import SQLiteStorage
runs = SQLiteStorage.get_runs("q1a")
steps = [log["step"] for log in SQLiteStorage.get_logs("q1a", min(runs))]
print(len(runs), "runs, epochs of the first:", steps)
"""
