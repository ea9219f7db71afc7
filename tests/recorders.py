"""Recorders of a launch, as tests ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tune_app.engine.recorder import StudyRecorder
from tune_app.storage.store import StudyStore
from tune_app.training.registry import TRAINABLES


def make_recorder(
    store: StudyStore,
    factors: Mapping[str, type] | None = None,
    *,
    metric: str = "val_accuracy",
    config_ids: Sequence[str] = (),
    **trainable: Any,
) -> StudyRecorder:
    """Return a recorder of trials of ``resnet``, with changed fields of the trainable."""
    configurations = [{"config_id": config_id, "config": {}} for config_id in config_ids]
    study = {"space": {"metric": metric}, "configurations": configurations}
    return StudyRecorder(store, factors or {}, study, replace(TRAINABLES["resnet"], **trainable))
