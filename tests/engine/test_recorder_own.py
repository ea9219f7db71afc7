"""What is recorded of a trial of a user's function."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recorded import read_rows
from tests.recorders import make_trial, own_trial
from tune_app.engine.own_function import FAILURE
from tune_app.study.stop import Stop
from tune_app.training.own_checkpoint import write_own_index


def test_a_function_that_returned_leaves_a_file_that_says_so(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0])
    at_work.log_trial_result(1, trial, {"epoch": 4, "acc": 0.5})
    at_work.log_trial_end(trial)
    assert json.loads((folder / "returned.json").read_text()) == {"epoch": 4}
    assert at_work.incomplete == {} and not (folder / "error.txt").exists()


def test_a_trial_with_a_milestone_needs_no_such_file(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [1])
    at_work.log_trial_result(1, trial, {"epoch": 1, "milestone": 1, "acc": 0.5})
    at_work.log_trial_end(trial)
    assert at_work.incomplete == {} and not (folder / "returned.json").exists()


def test_an_error_of_the_function_is_kept_as_it_was_reported(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0])
    at_work.log_trial_result(1, trial, {"epoch": 1, "acc": 0.5})
    text = "Traceback ...\n  train\nValueError: boom\n\nValueError: boom (my.py, line 3)\n"
    at_work.log_trial_result(2, trial, {"epoch": 1, FAILURE: text})
    assert at_work.refuses("a"), "Tune stops it"
    at_work.log_trial_result(3, trial, {"epoch": 2, "acc": 0.5})
    at_work.log_trial_end(trial)
    assert (folder / "error.txt").read_text() == text
    assert at_work.incomplete == {"a": "ValueError: boom (my.py, line 3)"}
    assert [row["epoch"] for row in read_rows(folder / "result.json")] == [1]
    assert not (folder / "returned.json").exists()


def test_a_function_without_the_objective_fails_its_trial(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0])
    at_work.log_trial_result(1, trial, {"epoch": 1, "loss": 0.5, "pid": 7})
    at_work.log_trial_end(trial)
    reason = "it never reported acc, the metric of the search space; it reported loss"
    assert at_work.incomplete == {"a": reason}
    assert (folder / "error.txt").read_text() == f"{reason}\n"


@pytest.mark.parametrize("is_stopped", [False, True])
@pytest.mark.parametrize(
    ("keep", "kept"), [("last", [3]), (2, [2, 3]), ("best", [2]), ("none", [])]
)
def test_the_checkpoints_of_a_trial_that_are_to_stay(
    tmp_path: Path, keep: str | int, kept: list[int], is_stopped: bool
) -> None:
    """One that a search stopped can go on from its newest, whatever is kept."""
    stops = {"a": Stop("stopped", 3, "asha")} if is_stopped else {}
    at_work, trial, folder = own_trial(tmp_path, [0], keep_checkpoints=keep, stops=stops)
    if is_stopped:
        kept = [1, 2, 3] if keep == "best" else kept or [3]
    for epoch, accuracy in ((1, 0.1), (2, 0.3), (3, 0.2)):
        at_work.log_trial_result(epoch, trial, {"epoch": epoch, "acc": accuracy})
        (folder / f"checkpoint_{epoch:06d}").mkdir()
        write_own_index(folder / f"checkpoint_{epoch:06d}", "a", epoch, 0)
    at_work.log_trial_end(trial)
    assert sorted(int(path.name[-6:]) for path in folder.glob("checkpoint_*")) == kept


def test_the_checkpoints_of_a_function_that_failed_stay(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0], keep_checkpoints="none")
    at_work.log_trial_result(1, trial, {"epoch": 1, "acc": 0.5})
    (folder / "checkpoint_000000").mkdir()
    write_own_index(folder / "checkpoint_000000", "a", 1, 0)
    at_work.log_trial_result(2, trial, {"epoch": 1, FAILURE: "ValueError: boom\n"})
    at_work.log_trial_end(trial)
    assert (folder / "checkpoint_000000").exists()


def test_each_row_says_how_many_trials_ran_at_once(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0])
    other = make_trial("b")
    at_work.log_trial_result(1, trial, {"epoch": 1, "acc": 0.5, "node_ip": "x"})
    at_work.log_trial_start(other)
    at_work.log_trial_result(2, trial, {"epoch": 2, "acc": 0.5, "node_ip": "x"})
    at_work.log_trial_result(2, other, {"epoch": 1, "acc": 0.5, "node_ip": "x"})
    counts = [row["num_concurrent_trials"] for row in read_rows(folder / "result.json")]
    assert counts == [1, 2]
    [row] = read_rows(folder.with_name("b") / "result.json")
    assert row["num_concurrent_trials"] == 2


@pytest.mark.parametrize(("status", "stays"), [("ok", False), ("diverged", True)])
def test_a_trial_that_diverged_keeps_its_checkpoints(
    tmp_path: Path, status: str, stays: bool
) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0], keep_checkpoints="none")
    at_work.log_trial_result(1, trial, {"epoch": 1, "acc": 0.5, "status": status})
    (folder / "checkpoint_000000").mkdir()
    write_own_index(folder / "checkpoint_000000", "a", 1, 0)
    at_work.log_trial_end(trial)
    assert (folder / "checkpoint_000000").exists() == stays
