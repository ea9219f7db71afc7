"""Trials whose results go to an experiment tracker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tune_app.engine.tracking import TrackingCallback

ROW = {"epoch": 1, "status": "ok", "val_accuracy": 0.5, "train_loss": float("nan"), "pid": 7}
BEGUN, BEGUN_LATER = "2026-01-01T12:00:00+00:00", "2026-01-01T12:00:01+00:00"
STUDY = "20260101T1200000000"
"""A study that began then, as its key has it."""


def make_trial(number: int = 1) -> Any:
    plan = {"trial_key": f"key{number}", "name": f"trial-{number}"}
    config = {"lr": 0.1, "gamma": None, "seed": 0, "plan": plan}
    return SimpleNamespace(trial_id=f"id{number}", config=config)


def run_trial(callback: TrackingCallback, trial: Any, *, failed: bool = False) -> None:
    callback.log_trial_start(trial)
    callback.log_trial_result(1, trial, dict(ROW))
    callback.log_trial_end(trial, failed=failed)
