"""Recorders of a launch, as tests ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.ledgers import make_ledger
from tune_app.engine.recorder import StudyRecorder
from tune_app.storage.store import StudyStore
from tune_app.study.stop import Stop
from tune_app.training.registry import TRAINABLES


def make_recorder(
    store: StudyStore,
    factors: Mapping[str, type] | None = None,
    *,
    metric: str = "val_accuracy",
    config_ids: Sequence[str] = (),
    stops: Mapping[str, Stop] | None = None,
    **trainable: Any,
) -> StudyRecorder:
    """Return a recorder of trials of ``resnet``, with changed fields of the trainable."""
    configurations = [{"config_id": config_id, "config": {}} for config_id in config_ids]
    study = {"space": {"metric": metric}, "configurations": configurations}
    changed = replace(TRAINABLES["resnet"], **trainable)
    return StudyRecorder(store, factors or {}, study, changed, stops)


def make_trial(name: str, milestone: int = 3, **config: Any) -> Any:
    plan = {"name": name, "directory": f"tune/001/{name}", "milestones": [milestone]}
    plan |= {"trial_key": name, "resume_from": []}
    config = {"seed": 0, **config, "plan": plan}
    return SimpleNamespace(config=config, trial_id=name, last_result={}, error_file=None)


def own_trial(tmp_path: Path, milestones: list[int], **trainable: Any) -> tuple[Any, Any, Path]:
    """Return the recorder of a user's function, a trial that has begun, and its folder."""
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    at_work = make_recorder(ledger.store, metric="acc", is_own=True, **trainable)
    trial = make_trial("a")
    trial.config["plan"]["milestones"] = milestones
    at_work.log_trial_start(trial)
    return at_work, trial, ledger.root / "tune/001/a"
