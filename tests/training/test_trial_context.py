"""The side of a trial that talks to the study directory, without Ray."""

from __future__ import annotations

import errno
import json
import math
import os
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ray import tune

from analysis.frames.saved_predictions import read_predictions
from tune_app.storage.storage_errors import FullDiskError
from tune_app.training import trial_context
from tune_app.training.checkpoint import write_checkpoint
from tune_app.training.classifier import train_classifier
from tune_app.training.core_wait import CoreWait
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.svm import train_svm
from tune_app.training.trial_context import TrialContext

PLAN = {
    "trial_key": "k",
    "milestones": [2, 3],
    "directory": "tune/001/trial",
    "resume_from": [],
}
SAVES = {
    "checkpoint": lambda trial: trial.report({"epoch": 1}, state={"a": 1}),
    "predictions": lambda trial: trial.save_predictions(1, np.zeros(3), np.zeros(3)),
    "weights": lambda trial: trial.save_best_weights(
        "x", 1, {"val_accuracy": 0.5}, lambda: {"a": 1}
    ),
}


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrialContext:
    (tmp_path / "study.json").touch()
    monkeypatch.setattr(TrialContext, "num_threads", lambda self: 1)
    plan = {"trial_key": "k", "milestones": [2], "directory": "tune/001/a", "resume_from": []}
    return TrialContext({"plan": plan}, LaunchSettings(str(tmp_path)))


@pytest.mark.parametrize(
    ("cpus", "workers", "expected"),
    [(3.0, 1, 3), (3.0, 2, 2), (4.0, 2, 4), (5.5, 1, 5), (2.0, 3, 3), (0.5, 1, 1)],
)
def test_threads_are_those_of_all_workers_of_which_each_rounds_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: float, workers: int, expected: int
) -> None:
    (tmp_path / "study.json").touch()
    resources = SimpleNamespace(required_resources={"CPU": cpus})
    context = SimpleNamespace(get_trial_resources=lambda: resources)
    monkeypatch.setattr(tune, "get_context", lambda: context)
    plan = PLAN if workers == 1 else {**PLAN, "workers": workers}
    assert TrialContext({"plan": plan}, LaunchSettings(str(tmp_path))).num_threads() == expected


@pytest.mark.parametrize(
    ("num_classes", "kind"), [(10, "uint8"), (256, "uint8"), (257, "uint16"), (70_000, "uint32")]
)
def test_predictions_are_saved_as_the_smallest_type_that_holds_every_class(
    trial: TrialContext, num_classes: int, kind: str
) -> None:
    labels = np.array([0, num_classes - 1, 1])
    name = trial.save_predictions(2, labels[::-1].copy(), labels)
    found = read_predictions(trial.directory / name)
    assert found["labels"].tolist() == labels.tolist() and found["labels"].dtype == kind
    assert found["predictions"].tolist() == [1, num_classes - 1, 0]


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        ({"checkpoint_seconds": 0}, [True, True, True, False]),
        ({"keeps_last": True}, [False, False, False, True]),
        ({"keeps_last": True, "keeps_best": True}, [True, False, True, True]),
    ],
)
def test_a_state_is_saved_when_it_is_time_or_to_be_kept(
    tmp_path: Path, settings: dict[str, Any], due: list[bool]
) -> None:
    (tmp_path / "study.json").touch()
    plan = PLAN | {"milestones": [2, 4]}
    trial = TrialContext({"plan": plan}, LaunchSettings(str(tmp_path), **settings))
    accuracies = [0.5, 0.4, 0.6, math.nan]
    rows = [{"epoch": e, "val_accuracy": a} for e, a in enumerate(accuracies, start=1)]
    assert [trial.checkpoint_due(row) for row in rows] == due


def fail(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have everything that a trial writes to the study meet an error."""

    def refuse(*_args: Any, **_keywords: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(tune, "report", refuse)


@pytest.mark.parametrize("what", SAVES)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_other_failures(
    trial: TrialContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    fail(monkeypatch, number)
    with pytest.raises(FullDiskError) as caught:
        SAVES[what](trial)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}") and "\n" not in message
    assert "the disk is full; make room and run the same command again" in message


@pytest.mark.parametrize("what", SAVES)
def test_any_other_error_stays_what_it_is(
    trial: TrialContext, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fail(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        SAVES[what](trial)


def test_a_full_disk_for_temporary_files_is_named_with_its_machine(
    trial: TrialContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trial_context, "write_checkpoint", full)
    monkeypatch.setattr(socket, "gethostname", lambda: "node-7")
    with pytest.raises(FullDiskError, match=r"^/\S+ on node-7: the disk is full") as caught:
        SAVES["checkpoint"](trial)
    assert not str(caught.value).startswith(f"{tmp_path}/")
    assert list((tmp_path).iterdir()) == [tmp_path / "study.json"]


def session(root: Path, resume_from: list[str] | None = None, **settings: Any) -> TrialContext:
    root.mkdir(exist_ok=True)
    (root / "study.json").touch()
    plan = {**PLAN, "resume_from": resume_from or []}
    return TrialContext({"plan": plan}, LaunchSettings(str(root), **settings))


@pytest.mark.parametrize(
    ("lines", "is_recorded"),
    [
        ('{"epoch": 2, "milestone": 2}\n{"epoch": 3, "milestone": 3}\n', True),
        ('{"epoch": 1, "status": "diverged"}\n', True),
        ('{"epoch": 2, "milestone": 2}\n{"epoch": 3}\n', False),
        ('{"epoch": 3, "milest', False),
        (None, False),
    ],
)
def test_a_retry_finds_that_everything_is_recorded(
    tmp_path: Path, lines: str | None, is_recorded: bool
) -> None:
    trial = session(tmp_path)
    if lines is not None:
        trial.directory.mkdir(parents=True)
        (trial.directory / "result.json").write_text(lines)
    assert trial.is_recorded() == is_recorded


@pytest.mark.parametrize("train", [train_classifier, train_svm])
def test_a_trial_whose_last_milestone_is_recorded_trains_nothing(
    tmp_path: Path, train: Callable[..., None]
) -> None:
    trial = session(tmp_path)
    trial.directory.mkdir(parents=True)
    (trial.directory / "result.json").write_text('{"epoch": 3, "milestone": 3}\n')
    train({"plan": PLAN}, data={}, settings=LaunchSettings(str(tmp_path)))
    assert [path.name for path in trial.directory.iterdir()] == ["result.json"]


class Begun(Exception):  # noqa: N818 (it is none)
    pass


@pytest.mark.parametrize(("gpus", "seen"), [({}, ""), ({"GPU": 0.5}, "3")])
def test_a_trial_that_requests_no_gpu_sees_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: dict[str, float], seen: str
) -> None:
    def begin(*_: object) -> None:
        raise Begun

    session(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    monkeypatch.setattr(TrialContext, "num_threads", lambda self: 1)
    monkeypatch.setattr(TrialContext, "restore", begin)
    config = {"dataset": "x", "seed": 0, "plan": {**PLAN, "resources": {"CPU": 1.0, **gpus}}}
    data: Any = {"x": SimpleNamespace(at_seed=lambda seed: None)}
    with pytest.raises(Begun):
        train_classifier(config, data=data, settings=LaunchSettings(str(tmp_path)))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == seen


def saved(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("tune/*/*/weights/*"))


def test_weights_are_kept_by_the_metric_and_mode_of_the_space(tmp_path: Path) -> None:
    trial = session(tmp_path, metric="val_loss", mode="min")
    for epoch, loss in ((2, 0.3), (3, 0.4), (4, 0.2)):
        metrics = {"val_loss": loss, "val_accuracy": epoch / 10}
        trial.save_best_weights("x", epoch, metrics, lambda: {"w": torch.zeros(1)})
    assert saved(tmp_path) == ["x.epoch_2.pt", "x.epoch_4.pt"]
    entry = json.loads((tmp_path / "weights" / "x.json").read_text())
    file = "tune/001/trial/weights/x.epoch_4.pt"
    assert entry == {"metric": "val_loss", "score": 0.2, "file": file}


def test_a_record_of_another_metric_is_no_record(tmp_path: Path) -> None:
    before = session(tmp_path)
    before.save_best_weights("x", 2, {"val_accuracy": 0.9}, lambda: {"w": torch.zeros(1)})
    after = session(tmp_path, metric="val_f1")
    after.save_best_weights("x", 3, {"val_f1": 0.4}, lambda: {"w": torch.zeros(1)})
    assert saved(tmp_path) == ["x.epoch_2.pt", "x.epoch_3.pt"]


def test_a_metric_that_nothing_reports_is_said_in_the_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[dict[str, Any]] = []
    monkeypatch.setattr(trial_context.tune, "report", rows.append)
    monkeypatch.setattr(TrialContext, "num_threads", lambda self: 1)
    trial = session(tmp_path, metric="val_f1")
    trial.save_best_weights("x", 2, {"val_accuracy": 0.9}, lambda: {"w": torch.zeros(1)})
    trial.report({"epoch": 2})
    trial.report({"epoch": 3})
    assert saved(tmp_path) == []
    assert rows[0]["weights_note"] == (
        "no weights are kept: this row has no number val_f1, the metric of the space"
    )
    assert "weights_note" not in rows[1]


def test_rows_say_under_which_conditions_they_were_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[dict[str, Any]] = []
    notes = [{"waited_share": 0.25}, {}]
    monkeypatch.setattr(trial_context.tune, "report", rows.append)
    monkeypatch.setattr(TrialContext, "num_threads", lambda self: 3)
    monkeypatch.setattr(CoreWait, "note", lambda self: notes.pop(0))
    trial = session(tmp_path)
    trial.report({"epoch": 1})
    trial.report({"epoch": 2})
    assert rows == [
        {"epoch": 1, "num_threads": 3, "warm_up": True, "waited_share": 0.25},
        {"epoch": 2, "num_threads": 3, "warm_up": False},
    ]


def test_a_trial_begins_anew_where_no_state_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_context.tune, "get_checkpoint", lambda: None)
    folders = []
    for number in (1, 2):
        folders.append(f"tune/000/trial/checkpoint_{number:06d}")
        (tmp_path / folders[-1]).mkdir(parents=True)
        write_checkpoint(tmp_path / folders[-1], "k", number, {"weights": number})

    def begin_with(usable: set[int]) -> tuple[int, str]:
        def begin(state: dict[str, Any] | None) -> str:
            if state is None:
                return "from scratch"
            if state["weights"] not in usable:
                raise RuntimeError("size mismatch")
            return f"from {state['weights']}"

        return session(tmp_path, folders[::-1]).restore(begin)

    assert begin_with({1, 2}) == (2, "from 2")
    assert begin_with({1}) == (1, "from 1")
    assert begin_with(set()) == (0, "from scratch")
    assert session(tmp_path).restore(lambda state: state) == (0, None)


def test_a_rung_has_a_checkpoint_however_young_the_last_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialContext, "num_threads", lambda self: 1)
    (tmp_path / "study.json").touch()
    plan = {**PLAN, "milestones": [9], "rungs": [1, 3]}
    trial = TrialContext({"plan": plan}, LaunchSettings(str(tmp_path), checkpoint_seconds=1e6))
    due = [epoch for epoch in range(1, 10) if trial.checkpoint_due({"epoch": epoch})]
    assert due == [1, 3], "and not after the last epoch, unless it is to be kept"
