"""What is written while trials run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.study.test_ledger import make_ledger
from tune_app.engine import recorder
from tune_app.engine.recorder import StudyRecorder
from tune_app.storage.open_store import open_store
from tune_app.storage.remote_folder import RemoteFolder


def curve(folder: Path) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars("val_loss")]


def test_curves_of_a_running_trial_are_at_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = RemoteFolder((tmp_path / "there" / "mine").as_uri())
    config = {"plan": {"directory": "tune/001/a", "milestones": [9]}, "seed": 0}
    trial: Any = SimpleNamespace(config=config, trial_id="t", last_result={}, error_file=None)
    with open_store(there.url) as store:
        make_ledger(store).save()
        at_work = StudyRecorder(store, ())
        at_work.log_trial_start(trial)
        for epoch in (1, 2):
            at_work.log_trial_result(epoch, trial, {"epoch": epoch, "val_loss": 0.5 * epoch})
            assert curve(tmp_path / "there/mine/tune/001/a") == [(1, 0.5)], "not at every result"
        monkeypatch.setattr(recorder, "EVENTS_SECONDS", 0.0)
        at_work.log_trial_result(3, trial, {"epoch": 3, "val_loss": 0.25})
        assert curve(tmp_path / "there/mine/tune/001/a") == [(1, 0.5), (2, 1.0), (3, 0.25)]
