"""Runs a subclass of ``ray.tune.Trainable`` inside a trial, step by step."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from search_spaces.reserved import OF_TUNE
from tune_app.engine.ray_internals import set_iteration
from tune_app.training.own_checkpoint import Found

if TYPE_CHECKING:
    from tune_app.engine.own_function import OwnTrial


def run_class(cls: type, config: dict[str, Any], own: OwnTrial, found: Found) -> None:
    """Step until the result says ``done``, or until the last milestone.

    If the class has ``save_checkpoint``, the state is saved when enough time has passed, at a rung
    of a search, and after the last step; also after each step that is the best so far, if the best
    is to stay.
    """
    from ray import tune

    trainable = cls(config=config)
    try:
        if found.saved is not None:
            trainable.restore(tune.Checkpoint.from_directory(str(found.folder)))
            set_iteration(trainable, found.saved.epoch)
            own.go_on(found)
        saves = cls.save_checkpoint is not tune.Trainable.save_checkpoint  # type: ignore[attr-defined]
        saved = time.monotonic()
        while True:
            result: Mapping[str, Any] = trainable.train()
            row = {key: value for key, value in result.items() if key not in OF_TUNE}
            is_last = bool(result.get("done")) or own.rows.is_last(row)
            due = own.is_rung(row) or time.monotonic() - saved >= own.settings.checkpoint_seconds
            is_best = own.rows.improves(row) and own.settings.keeps_best
            if saves and (due or is_best or (is_last and own.settings.keeps_last)):
                with tempfile.TemporaryDirectory() as folder:
                    trainable.save(folder)
                    own.tell(row, tune.Checkpoint.from_directory(folder))
                saved = time.monotonic()
            else:
                own.tell(row)
            if is_last:
                return
    finally:
        trainable.stop()
