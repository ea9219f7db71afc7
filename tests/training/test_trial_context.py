"""What a trial does when it cannot be saved."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune

from tune_app.storage.storage_errors import FullDiskError
from tune_app.training import trial_context
from tune_app.training.trial_context import TrialSession, TrialSettings

SAVES = {
    "checkpoint": lambda trial: trial.report({"epoch": 1}, state={"a": 1}),
    "predictions": lambda trial: trial.save_predictions(1, np.zeros(3), np.zeros(3)),
    "weights": lambda trial: trial.save_best_weights("x", 1, 0.5, lambda: {"a": 1}),
}


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrialSession:
    (tmp_path / "study.json").touch()
    monkeypatch.setattr(TrialSession, "num_threads", lambda self: 1)
    plan = {"trial_key": "k", "milestones": [2], "directory": "tune/001/a", "resume_from": []}
    return TrialSession({"plan": plan}, TrialSettings(str(tmp_path)))


def fail(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have everything that a trial writes to the study meet an error."""

    def refuse(*_args: Any, **_keywords: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(tune, "report", refuse)


@pytest.mark.parametrize("what", SAVES)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_other_failures(
    trial: TrialSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    fail(monkeypatch, number)
    with pytest.raises(FullDiskError) as caught:
        SAVES[what](trial)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}") and "\n" not in message
    assert "the disk is full; make room and run the same command again" in message


@pytest.mark.parametrize("what", SAVES)
def test_any_other_error_stays_what_it_is(
    trial: TrialSession, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fail(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        SAVES[what](trial)


def test_a_full_disk_for_temporary_files_is_named_with_its_machine(
    trial: TrialSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trial_context, "write_checkpoint", full)
    monkeypatch.setattr(socket, "gethostname", lambda: "node-7")
    with pytest.raises(FullDiskError, match=r"^/\S+ on node-7: the disk is full") as caught:
        SAVES["checkpoint"](trial)
    assert not str(caught.value).startswith(f"{tmp_path}/")
    assert list((tmp_path).iterdir()) == [tmp_path / "study.json"]
