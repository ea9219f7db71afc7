from __future__ import annotations

import json
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.frames.load import load_study
from tests.studies import (
    A2,
    A5,
    PREFIX,
    line,
    prefix_study,
    row,
    shared_study,
    write_trial,
)
from tune_app.study.trial_directory import last_line, read_directory


def test_torn_last_line_leaves_the_row_unfinished(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    whole = json.dumps(line(2, milestone=True))
    write_trial(path, "k1", A5, PREFIX, [line(1)], torn=whole[: len(whole) // 2])
    study = load_study(path)
    assert list(study.rows["status"]) == ["unfinished", "unfinished"]
    assert row(study, "a5")["reason"] == "1 of 5 epochs"
    assert "val_accuracy" not in study.rows, "an unfinished row has no metrics"
    assert study.notes == ()


def test_last_line_without_newline_counts_when_it_is_whole(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    torn = json.dumps(line(2, milestone=True))
    write_trial(path, "k1", A5, PREFIX, [line(1)], torn=torn)
    assert row(load_study(path), "a2")["status"] == "finished"


def test_unreadable_line_in_the_middle_is_noted_and_costs_one_line(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    trial = write_trial(path, "k1", A5, PREFIX, [])
    lines = [json.dumps(line(1)), '{"epoch": 2, "tr', "[1]", json.dumps(line(2, milestone=True))]
    (trial / "result.json").write_text("\n".join(lines) + "\n")
    study = load_study(path)
    assert list(study.epochs["epoch"]) == [1, 2]
    assert row(study, "a2")["status"] == "finished"
    assert study.notes == ("tune/001/trial_k1/result.json: 2 unreadable lines",)


def test_any_cut_of_the_files_can_be_read(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    lines = [line(1), line(2, milestone=True), line(3), line(4), line(5, milestone=True)]
    trial = write_trial(path, "k1", A5, PREFIX, lines)
    for name, num_cuts in (("result.json", 60), ("params.json", 12)):
        whole = (trial / name).read_bytes()
        finished = []
        for cut in np.linspace(0, len(whole), num_cuts, dtype=int):
            (trial / name).write_bytes(whole[:cut])
            finished.append(int((load_study(path).rows["status"] == "finished").sum()))
        (trial / name).write_bytes(whole)
        assert finished[-1] == 2
        if name == "result.json":
            assert finished[0] == 0 and finished == sorted(finished)
        else:
            assert set(finished) == {2}, "result.json carries the config as well"


def test_nan_and_infinity_survive(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    last = line(2, milestone=True, train_loss=math.nan, val_loss=math.inf, test_loss=None)
    # What Tune's encoder makes of np.float32("nan").
    last["val_accuracy"] = "null"
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), last])
    found = row(load_study(path), "a2")
    assert found["status"] == "finished"
    assert math.isnan(found["train_loss"]) and math.isnan(found["val_accuracy"])
    assert math.isnan(found["test_loss"]) and math.isinf(found["val_loss"])


def test_missing_params_fall_back_on_the_results(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    trial = write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), line(2, milestone=True)])
    (trial / "params.json").unlink()
    assert row(load_study(path), "a2")["status"] == "finished"


def test_trial_without_a_plan_is_noted(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    trial = path / "tune" / "001" / "foreign"
    trial.mkdir(parents=True)
    (trial / "result.json").write_text('{"training_iteration": 1, "score": 2.5}\n')
    study = load_study(path)
    assert study.notes == ("tune/001/foreign/params.json: no plan, so it serves no row",)
    assert study.trials["trial_key"].item() == "001/foreign"
    assert study.epochs["score"].item() == 2.5
    assert list(study.rows["status"]) == ["missing", "missing"]


def test_stray_files_are_no_trials(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    (path / "tune" / "001" / "empty").mkdir(parents=True)
    (path / "tune" / "001" / "experiment_state.json").write_text("{")
    (path / "tune" / "notes.txt").write_text("hello")
    study = load_study(path)
    assert study.trials.empty and study.notes == ()


class _Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    sprung = tmp_path / "sprung"
    trap = pickle.dumps(_Trap(sprung))
    for name in ("params.pkl", "error.pkl", "result.pkl"):
        (path / "tune" / "001" / "trial_k1" / name).write_bytes(trap)
    (path / "tune" / "001" / "tuner.pkl").write_bytes(trap)
    load_study(path)
    assert not sprung.exists()
    pickle.loads(trap)
    assert sprung.exists(), "the trap itself must work"


def test_paths_out_of_the_study_are_not_followed(tmp_path: Path) -> None:
    outside = prefix_study(tmp_path / "other")
    target = write_trial(outside, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    path = prefix_study(tmp_path)
    (path / "tune" / "001").mkdir(parents=True)
    (path / "tune" / "001" / "link").symlink_to(target)
    study = load_study(path)
    assert study.trials.empty
    assert study.notes == ("tune/001/link: a symbolic link, not followed",)

    (tmp_path / "secret.npz").write_bytes(b"x")
    inside = write_trial(
        path, "k2", A2, {2: ["a2"]}, [line(2, milestone=True, predictions_file="p/e.npz")]
    )
    assert load_study(path).predictions_path("a2", 0) is None, "named but not there"
    (inside / "p").mkdir()
    (inside / "p" / "e.npz").write_bytes(b"x")
    assert load_study(path).predictions_path("a2", 0) == (inside / "p" / "e.npz").resolve()
    for escape in ("../../../../secret.npz", str(tmp_path / "secret.npz")):
        result = json.dumps(line(2, milestone=True, predictions_file=escape))
        (inside / "result.json").write_text(result + "\n")
        assert (inside / escape).is_file()
        assert load_study(path).predictions_path("a2", 0) is None
    (inside / "result.json").unlink()
    (inside / "result.json").symlink_to(target / "result.json")
    assert row(load_study(path), "a2")["status"] == "missing"


def test_the_reason_of_an_error_is_its_last_line() -> None:
    assert last_line("") == "stopped with an error that was not recorded"
    assert last_line("Trace\nlast words\n\n") == "last words"
    assert last_line("\x1b[31mKeyError\x1b[0m:  a\tb\n") == "KeyError: a b"
    assert len(last_line("KeyError: " + "x" * 500)) == 200


def test_rows_that_cannot_be_trusted_are_left_out_and_named(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    damaged = line(2, milestone=True, status="done")
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), damaged, line(1) | {"epoch": 0}])
    study = load_study(path)
    assert list(study.epochs["epoch"]) == [1]
    (note,) = study.notes
    assert note.startswith("tune/001/trial_k1/result.json: a row is left out: status is 'done'")
    assert note.endswith("(and 1 more)")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/null")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), line(2, milestone=True)])
    result = path / "tune" / "001" / "trial_k1" / "result.json"
    result.unlink()
    make(result)
    study = load_study(path)
    assert row(study, "a2")["status"] == "missing"
    (note,) = study.notes
    assert note.startswith("tune/001/trial_k1/result.json: ") and note.endswith("so it is not read")


def test_an_error_that_was_too_large_to_fetch_has_no_reason() -> None:
    assert last_line("\0" * 300) == last_line("")


@pytest.mark.parametrize(
    ("make", "returned"),
    [
        (lambda path: None, False),
        (lambda path: path.write_text("{}"), True),
        (lambda path: path.write_bytes(b""), True),
        (lambda path: path.mkdir(), False),
        (lambda path: path.symlink_to(path.with_name("params.json")), False),
    ],
)
def test_a_file_says_that_a_function_has_returned(
    tmp_path: Path, make: Callable[[Path], None], returned: bool
) -> None:
    plan = {"trial_key": "k", "milestones": [0], "serves": {"0": ["a"], "00": ["b"], "-1": ["c"]}}
    (tmp_path / "params.json").write_text(json.dumps({"seed": 0, "plan": plan}))
    make(tmp_path / "returned.json")
    directory = read_directory(tmp_path, "001")
    assert directory is not None and directory.returned is returned
    assert directory.serves() == {0: ["a"]}
