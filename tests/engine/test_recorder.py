"""What is written while trials run."""

from __future__ import annotations

import errno
import pickle
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.ledgers import make_ledger
from tests.recorded import read_rows
from tests.recorders import make_recorder, make_trial
from tune_app.engine.event_file import column_types
from tune_app.engine.recorder import StudyRecorder
from tune_app.storage.storage_errors import FullDiskError, StorageError
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger
from tune_app.study.stop import Stop
from tune_app.training.own_checkpoint import write_own_index

FULL = "/lab/mine: the disk is full; make room and run the same command again, it goes on"


def failed_attempt(folder: Path, error: Exception) -> Any:
    """Return a trial whose latest attempt ended in an error of its worker, as Tune writes it."""
    try:
        raise error from OSError(errno.ENOSPC, "No space left on device")
    except type(error):
        text = traceback.format_exc()
    error_file = folder / "error.txt"
    heading = "Failure # 1 (occurred at 2026-01-01_12-00-00)\n"
    error_file.write_text(f"{heading}\x1b[36mray::ImplicitFunc.train()\x1b[39m (pid=7)\n{text}\n")
    plan = {"name": "a", "directory": "tune/001/a", "milestones": [9]}
    return SimpleNamespace(
        config={"plan": plan, "seed": 0},
        trial_id="t",
        last_result={},
        error_file=str(error_file),
    )


@pytest.mark.parametrize("is_retried", [True, False])
def test_a_trial_that_met_a_full_disk_ends_the_launch(tmp_path: Path, is_retried: bool) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    at_work = make_recorder(ledger.store)
    trial = failed_attempt(tmp_path, FullDiskError(FULL))
    with pytest.raises(StorageError) as caught:
        if is_retried:
            at_work.on_trial_recover(1, [trial], trial)
        else:
            at_work.on_trial_error(1, [trial], trial)
    assert str(caught.value) == FULL and at_work.failure is caught.value
    with pytest.raises(StorageError) as again:
        at_work.log_trial_result(1, trial, {"epoch": 1})
    assert again.value is caught.value


def test_any_other_error_of_a_trial_is_its_own(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    at_work = make_recorder(ledger.store)
    trial = failed_attempt(tmp_path, ValueError("a FullDiskError: it says"))
    at_work.on_trial_recover(1, [trial], trial)
    at_work.on_trial_error(1, [trial], trial)
    assert at_work.failure is None
    kept = (ledger.root / "tune/001/a/error.txt").read_text()
    assert kept.endswith("\n\nValueError: a FullDiskError: it says\n")


def test_it_is_pickled_without_what_stays_in_its_process(tmp_path: Path) -> None:
    """Tune writes its callbacks into the experiment's state."""
    copy = pickle.loads(pickle.dumps(make_recorder(make_ledger(tmp_path).store, {"lr": float})))
    assert copy.incomplete == {}


def recorded_trial(tmp_path: Path, last_milestone: int) -> tuple[Ledger, StudyRecorder, Any]:
    """Return a study, its recorder and a trial that has just begun."""
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    plan = {"trial_key": "k", "name": "a", "directory": "tune/001/a"}
    plan |= {
        "milestones": [last_milestone],
        "data": data_fingerprint(ledger.study["data"], "mnist"),
    }
    config = {"plan": plan, "seed": 0, "dataset": "mnist"}
    trial = SimpleNamespace(config=config, trial_id="t", last_result={}, error_file=None)
    at_work = make_recorder(ledger.store)
    at_work.log_trial_start(trial)  # type: ignore[arg-type]
    return ledger, at_work, trial


def test_a_row_that_cannot_be_recorded_fails_its_trial(tmp_path: Path) -> None:
    ledger, at_work, trial = recorded_trial(tmp_path, 2)
    at_work.log_trial_result(1, trial, {"epoch": 1, "val_loss": 0.5})
    assert not at_work.refuses("t")
    at_work.log_trial_result(2, trial, {"epoch": 2, "milestone": 2, "val_loss": "low"})
    assert at_work.refuses("t"), "Tune stops it"
    at_work.log_trial_result(3, trial, {"epoch": 2, "milestone": 2})
    trial.last_result = {"epoch": 2, "milestone": 2}
    at_work.log_trial_end(trial)
    reason = "it reported a row that cannot be recorded: val_loss is 'low'; allowed: a number"
    assert at_work.incomplete == {"a": reason}
    (directory,) = ledger.read_trials().directories
    assert [row["epoch"] for row in directory.records] == [1] and directory.error == reason


def test_values_without_a_word_in_json_are_left_out_and_named_once(tmp_path: Path) -> None:
    ledger, at_work, trial = recorded_trial(tmp_path, 9)
    for number in (1, 2):
        row = {"epoch": np.int64(number), "val_loss": np.float32(0.5), "fold_seconds": [1, 2]}
        at_work.log_trial_result(number, trial, row | {"path": tmp_path, 3: 4, "a": np.ones(3)})
    (directory,) = ledger.read_trials().directories
    assert [row["epoch"] for row in directory.records] == [1, 2]
    assert directory.records[0]["fold_seconds"] == [1, 2] and "path" not in directory.records[0]
    assert at_work.notes == [
        "'path' was reported as PosixPath and is not recorded",
        "3 was reported as int and is not recorded",
        "'a' was reported as ndarray and is not recorded",
    ]


def test_a_column_of_the_hparams_tab_has_one_type(tmp_path: Path) -> None:
    configs = [
        {"gamma": "scale", "C": 1, "shrinking": True, "num_train_images": None},
        {"gamma": 0.01, "C": 0.5, "shrinking": False, "num_train_images": 100},
    ]
    assert column_types(configs[0], configs) == {
        **{"gamma": str, "C": float, "shrinking": bool, "num_train_images": str},
    }


def test_a_retry_records_no_row_of_an_earlier_attempt_again(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    at_work = make_recorder(ledger.store, config_ids=["c1"])
    trial = make_trial("a", milestone=4)
    trial.config["plan"]["serves"] = {"4": ["c1"]}
    attempts: list[list[dict[str, Any]]] = [
        [{"epoch": 1, "val_loss": 4.0}, {"epoch": 2, "val_loss": 3.0}],
        [  # from scratch
            {"epoch": 1, "val_loss": 40.0},
            {"epoch": 2, "val_loss": 30.0},
            {"epoch": 3, "val_loss": 2.0, "warm_up": False},
            {"epoch": 4, "val_loss": 1.0, "warm_up": False},
            {"epoch": 4, "val_loss": 1.0, "milestone": 4},  # a user's own way of reporting
        ],
    ]
    for rows in attempts:
        at_work.log_trial_start(trial)
        for row in rows:
            at_work.log_trial_result(row["epoch"], trial, row)
    folder = ledger.root / "tune/001/a"
    recorded = [
        (r["epoch"], r["val_loss"], r.get("warm_up")) for r in read_rows(folder / "result.json")
    ]
    assert recorded == [
        *[(1, 4.0, None), (2, 3.0, None)],
        (3, 2.0, True),  # the time since epoch 2, of another attempt, is not that of one epoch
        *[(4, 1.0, False), (4, 1.0, None)],
    ]
    events = EventAccumulator(str(ledger.root / "tensorboard" / "row_s0"))
    events.Reload()
    curve = [(event.step, event.value) for event in events.Scalars("loss/val")]
    assert curve == [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0), (4, 1.0)]


def test_a_trial_is_complete_by_its_rows_whatever_tune_says(tmp_path: Path) -> None:
    """Tune sets a trial's last result back when it restores the trial from a checkpoint."""
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    at_work = make_recorder(ledger.store)
    trial = make_trial("a", milestone=2)
    at_work.log_trial_start(trial)
    for row in ({"epoch": 1}, {"epoch": 2, "milestone": 2}):
        at_work.log_trial_result(row["epoch"], trial, row)
    trial.last_result = {"epoch": 1}
    at_work.log_trial_start(trial)
    at_work.log_trial_end(trial)
    assert at_work.incomplete == {}
    assert not (ledger.root / "tune/001/a/error.txt").exists()


def test_a_stopped_trial_is_not_incomplete_and_keeps_the_checkpoint_of_its_rung(
    tmp_path: Path,
) -> None:
    ledger, at_work, trial = recorded_trial(tmp_path, 9)
    stops: dict[str, Stop] = {"t": Stop("stopped", 2, "asha")}
    at_work._stops = stops
    folder = ledger.root / "tune/001/a"
    for epoch in (1, 2):
        at_work.log_trial_result(epoch, trial, {"epoch": epoch, "val_accuracy": 0.5})
        (folder / f"checkpoint_{epoch}").mkdir()
        write_own_index(folder / f"checkpoint_{epoch}", "k", epoch, 0)
    at_work.log_trial_end(trial)
    assert at_work.incomplete == {} and at_work.ended == {"a"}
    (directory,) = ledger.read_trials().directories
    assert directory.stop == stops["t"] and directory.error == ""
    assert [path.name for path in folder.glob("checkpoint_*")] == ["checkpoint_2"]


def test_a_trial_that_was_killed_at_its_time_limit_has_no_error(tmp_path: Path) -> None:
    ledger, at_work, trial = recorded_trial(tmp_path, 9)
    trial.error_file = failed_attempt(tmp_path, RuntimeError("it was killed")).error_file
    at_work._stops = {"t": Stop("timed_out", 0, seconds=60.0)}
    at_work.log_trial_end(trial, failed=True)
    (directory,) = ledger.read_trials().directories
    assert directory.stop == Stop("timed_out", 0, seconds=60.0) and directory.error == ""
    assert not Path(trial.error_file).exists(), "Tune would copy it into the study"


def test_a_trial_that_was_killed_while_it_saved_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    """A checkpoint whose epoch was not recorded is never used: rows would be missing."""
    ledger, at_work, trial = recorded_trial(tmp_path, 9)
    at_work._stops = {"t": Stop("timed_out", 2, seconds=60.0)}
    folder = ledger.root / "tune/001/a"
    for epoch in (1, 2):
        at_work.log_trial_result(epoch, trial, {"epoch": epoch, "val_accuracy": 0.5})
    for number, epoch in enumerate((2, 3)):
        (folder / f"checkpoint_{number:06d}").mkdir()
        write_own_index(folder / f"checkpoint_{number:06d}", "k", epoch, 0)
    at_work.log_trial_end(trial, failed=True)
    assert [path.name for path in folder.glob("checkpoint_*")] == ["checkpoint_000000"]


def test_a_trial_that_went_on_leaves_no_checkpoint_of_an_earlier_rung(tmp_path: Path) -> None:
    ledger, at_work, trial = recorded_trial(tmp_path, 3)
    earlier = ledger.root / "tune/001/before/checkpoint_1"
    earlier.mkdir(parents=True)
    write_own_index(earlier, "k", 1, 0)
    trial.config["plan"] |= {"after_epoch": 1, "resume_from": ["tune/001/before/checkpoint_1"]}
    for epoch in (2, 3):
        row = {"epoch": epoch, "val_accuracy": 0.5} | ({"milestone": 3} if epoch == 3 else {})
        at_work.log_trial_result(epoch, trial, row)
    at_work.log_trial_end(trial)
    assert not earlier.exists()
