from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.frames.load import load_study
from search_spaces.errors import UserError
from tests.studies import (
    A2,
    A5,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    row,
    shared_study,
    study_json,
    svm_config,
    write_study,
    write_trial,
)


def test_shared_rows_name_their_trial_and_the_row_it_stands_for(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    assert list(study.rows["config_id"]) == ["a2", "a5", "b2", "b5"]
    assert list(study.rows["trial_id"]) == ["k1"] * 4
    assert list(study.rows["shared_with"]) == ["a5", "", "a5", "a5"]
    assert list(study.rows["same_as"]) == ["", "", "a2", "a5"]
    assert list(study.rows["status"]) == ["finished"] * 4
    assert list(study.rows["train_seconds"]) == [20.0, 50.0, 20.0, 50.0]
    assert list(study.rows["val_accuracy"]) == [0.9, 0.95, 0.9, 0.95]
    assert list(study.rows["pin_memory"]) == [False, False, True, True]
    assert list(study.rows["device"]) == ["cpu"] * 4, "auto must be resolved"
    assert study.trials["num_rows"].item() == 4
    assert study.trials["num_epochs"].item() == 5
    assert list(study.epochs["epoch"]) == [1, 2, 3, 4, 5]
    assert set(study.epochs["trial_key"]) == {"k1"}
    assert "pid" not in study.epochs and "confusion_matrix" not in study.epochs


def test_texts_are_strings_of_python(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    for frame in (study.rows, study.trials, study.epochs):
        assert not [name for name, dtype in frame.dtypes.items() if dtype == "str"]
    assert {type(name) for name in study.rows["config_id"]} == {str}


def test_confusion_matrix_of_a_row(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    matrix = study.confusion_matrix("b2", 0)
    assert matrix is not None
    assert matrix.shape == (10, 10) and matrix.sum() == 140 and np.trace(matrix) == 138
    assert matrix[3, 5] == 2
    assert study.confusion_matrix("b2", 1) is None


def test_diverged_trial_keeps_the_milestones_before(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    lines = [line(1), line(2, milestone=True), line(3, train_loss=math.nan, status="diverged")]
    write_trial(path, "k1", A5, PREFIX, lines, error="RuntimeError: after that")
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "diverged"]
    assert row(study, "a5")["reason"] == "training diverged at epoch 3"
    assert math.isnan(row(study, "a5")["val_accuracy"])
    assert row(study, "a5")["trial_id"] == "k1"
    assert study.trials["status"].item() == "diverged"


def test_result_lost_before_the_divergence_is_to_be_run_again(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A5, PREFIX, [line(1), line(3, status="diverged")])
    study = load_study(path)
    assert list(study.rows["status"]) == ["unfinished", "diverged"]
    assert row(study, "a2")["reason"] == "the result of epoch 2 is not there"


def test_failed_trial_keeps_the_milestones_before(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    error = (
        "\x1b[36mray::ImplicitFunc.train()\x1b[39m (pid=1)\n"
        '  File "x.py", line 1, in f\n'
        "ValueError: no | such\nmore text\n\nValueError: no | such\n"
    )
    write_trial(path, "k1", A5, PREFIX, [line(1), line(2, milestone=True)], error=error)
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "failed"]
    assert row(study, "a5")["reason"] == "ValueError: no | such"


def test_an_attempt_that_was_to_be_followed_by_another_is_no_failure(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    error = "Failure # 1 (occurred at 2026-01-01_12-00-00)\nRayActorError: the worker died\n"
    write_trial(path, "k1", A5, PREFIX, [line(1), line(2, milestone=True)], error=error)
    assert list(load_study(path).rows["status"]) == ["finished", "unfinished"]


def test_failure_without_any_result(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    trial = write_trial(path, "k1", A5, PREFIX, [], error="MemoryError: 3 GB\n")
    (trial / "result.json").unlink()
    assert list(load_study(path).rows["status"]) == ["failed", "failed"]


def test_error_of_an_older_launch_does_not_count(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A5, PREFIX, [line(1)], error="ValueError: x")
    write_trial(path, "k1", A5, PREFIX, [line(2, milestone=True)], launch="002")
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "unfinished"]
    assert list(study.rows["launch"]) == ["002", "002"]
    assert study.trials["launches"].item() == "001,002"


def test_newest_launch_says_what_a_trial_is(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    serves = {2: ["b2"], 5: ["b5", "a5"]}
    moved = resnet_config(epochs=5, device="cuda")
    newest = write_trial(path, "k1", moved, serves, [], launch="002")
    study = load_study(path)
    assert list(study.rows["config_id"]) == ["a2", "a5", "b2", "b5"]
    assert list(study.rows["shared_with"]) == ["b5", "b5", "b5", ""]
    assert list(study.rows["same_as"]) == ["b2", "b5", "", ""]
    assert list(study.rows["launch"]) == ["001"] * 4
    assert study.trials["device"].item() == "cuda"
    (newest / "params.json").write_text('{"pl')
    study = load_study(path)
    assert list(study.rows["shared_with"]) == ["a5", "", "a5", "a5"]
    assert study.trials["device"].iloc[0] == "cpu"


def test_last_report_of_an_epoch_counts_over_launches(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    first = [line(1), line(2, milestone=True), line(3, val_accuracy=0.1)]
    second = [line(3, val_accuracy=0.2), line(4), line(5, milestone=True)]
    write_trial(path, "k1", A5, PREFIX, second, launch="002")
    write_trial(path, "k1", A5, PREFIX, first, launch="001")
    study = load_study(path)
    assert list(study.epochs["epoch"]) == [1, 2, 3, 4, 5]
    assert study.epochs["val_accuracy"].iloc[2] == 0.2
    assert list(study.rows["status"]) == ["finished", "finished"]
    assert list(study.rows["launch"]) == ["001", "002"]
    assert list(study.rows["trial_id"]) == ["k1", "k1"]


def test_row_takes_the_trial_that_got_furthest(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), line(2, milestone=True)])
    write_trial(path, "k2", A5, PREFIX, [line(1)], launch="002")
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "unfinished"]
    assert list(study.rows["trial_id"]) == ["k1", "k2"]


def test_unconverged_svm_has_its_metrics(tmp_path: Path) -> None:
    config = svm_config()
    meta = study_json({"s1": config}, space={"trainable": "svm", "factors": ["kernel"]})
    path = write_study(tmp_path / "svm", meta)
    result = line(1, milestone=True, status="unconverged", num_train_images=490, converged=False)
    write_trial(path, "k1", config, {1: ["s1"]}, [result])
    found = row(load_study(path), "s1")
    assert found["status"] == "unconverged"
    assert found["reason"] == "the solver stopped after 1000 iterations before it converged"
    assert found["num_train_images"] == 490, "None means all: the trial knows how many"
    assert found["test_accuracy"] == 138 / 140


def test_open_and_missing_rows(tmp_path: Path) -> None:
    meta = study_json({"a2": A2, "g2": resnet_config(device="cuda"), "a5": A5}, seeds=(0, 1))
    early = {"name": "001", "open": [{"config_id": "a2", "seed": 0, "reason": "stale"}]}
    late = {"name": "002", "open": [{"config_id": "g2", "seed": 0, "reason": "no GPU"}, "odd"]}
    path = write_study(tmp_path / "grid", meta | {"launches": [early, late]})
    study = load_study(path)
    assert list(study.rows["seed"]) == [0, 1, 0, 1, 0, 1]
    assert list(study.rows["status"]) == ["missing", "missing", "open"] + ["missing"] * 3
    assert row(study, "g2")["reason"] == "no GPU"
    assert row(study, "g2")["device"] == "cuda"
    assert row(study, "a2")["device"] is None or pd.isna(row(study, "a2")["device"])
    assert study.trials.empty and study.epochs.empty
    assert "trial_key" in study.epochs and "num_rows" in study.trials


def test_row_with_a_result_is_not_open(tmp_path: Path) -> None:
    named = [{"config_id": name, "seed": 0, "reason": "no GPU"} for name in ("a2", "a5")]
    path = prefix_study(tmp_path, open_rows=named)
    write_trial(path, "k1", A5, PREFIX, [line(1), line(2, milestone=True)])
    assert list(load_study(path).rows["status"]) == ["finished", "open"]
    (path / "tune" / "001" / "trial_k1" / "result.json").write_text("")
    assert list(load_study(path).rows["status"]) == ["open", "open"]


def test_seeds_are_rows_of_their_own(tmp_path: Path) -> None:
    path = prefix_study(tmp_path, seeds=(0, 1))
    for seed, accuracy in ((0, 0.8), (1, 0.7)):
        result = line(2, milestone=True, val_accuracy=accuracy)
        write_trial(path, f"k{seed}", A2, {2: ["a2"]}, [result], seed=seed)
    study = load_study(path)
    assert row(study, "a2", 0)["val_accuracy"] == 0.8
    assert row(study, "a2", 1)["val_accuracy"] == 0.7
    assert row(study, "a5", 1)["status"] == "missing"


def test_unknown_extra_keys_are_no_harm(tmp_path: Path) -> None:
    nested = resnet_config(augment={"flip": True, "sizes": [1, 2]})
    path = write_study(tmp_path / "grid", study_json({"a2": nested}, future={"x": 1}))
    result = line(2, milestone=True, extra={"deep": [1]}, per_class=[0.1, 0.2], note="text")
    write_trial(path, "k1", nested, {2: ["a2"]}, [result])
    found = row(load_study(path), "a2")
    assert found["augment/flip"] is True or bool(found["augment/flip"])
    assert found["augment/sizes"] == "[1, 2]"
    assert found["note"] == "text"
    assert "extra" not in found and "per_class" not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no study.json"),
        ("{", "not a study file"),
        ("[]", "not a study file"),
        ('{"schema_version": 1}', "schema version 1, this program reads 2"),
        ('{"schema_version": 2, "study": "x"}', "space is missing or damaged"),
        (json.dumps(study_json({}) | {"seeds": ["0"]}), "seeds must be whole numbers"),
        (json.dumps(study_json({}) | {"configurations": [{}]}), "configurations[0]"),
    ],
)
def test_what_is_no_study_is_a_user_error(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "study.json").write_text(text)
    with pytest.raises(UserError) as caught:
        load_study(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)


def test_missing_directory_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such directory"):
        load_study(tmp_path / "absent")


@pytest.mark.slow
def test_two_thousand_trials(tmp_path: Path) -> None:
    configurations = {f"c{index:04d}": resnet_config(lr=index, epochs=20) for index in range(2000)}
    path = write_study(tmp_path / "large", study_json(configurations))
    lines = [line(epoch, milestone=epoch == 20) for epoch in range(1, 21)]
    for config_id, config in configurations.items():
        write_trial(path, f"k{config_id}", config, {20: [config_id]}, lines)
    study = load_study(path)
    assert len(study.rows) == len(study.trials) == 2000
    assert len(study.epochs) == 40_000
    assert (study.rows["status"] == "finished").all()
    assert list(study.rows["trial_id"]) == [f"k{config_id}" for config_id in configurations]
