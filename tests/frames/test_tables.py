from __future__ import annotations

from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.frames.tables import (
    inert_axes,
    sharing_summary,
    study_table,
    why_inert,
)
from tests.analysed_studies import svm_study
from tests.studies import (
    A2,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)


def test_the_table_has_factors_then_the_objective_then_what_was_reported(tmp_path: Path) -> None:
    table = study_table(load_study(shared_study(tmp_path / "grid")))
    assert list(table.columns)[:11] == [
        *("id", "dataset", "model", "batch_size", "optimizer", "lr", "pin_memory", "epochs"),
        *("seed", "val_accuracy", "test_accuracy"),
    ]
    assert list(table.columns)[-4:] == ["device", "trial_id", "shared_with", "status"]
    reported = {"test_loss", "test_f1", "train_loss", "val_loss", "train_seconds", "num_threads"}
    assert reported < {*table.columns}
    assert list(table["id"]) == ["a2", "a5", "b2", "b5"]
    assert list(table["test_accuracy"]) == [138 / 140, 139 / 140] * 2
    assert list(table["shared_with"]) == ["a5", "", "a5", "a5"]


def test_declared_order_then_seed_and_every_status(tmp_path: Path) -> None:
    meta = study_json({"z": A2, "a": resnet_config(lr=0.1)}, seeds=(1, 0))
    path = write_study(tmp_path / "grid", meta)
    write_trial(path, "k1", A2, {2: ["z"]}, [line(2, milestone=True)], seed=1)
    write_trial(path, "k2", A2, {2: ["z"]}, [line(1)], seed=0, error="OSError: disk")
    table = study_table(load_study(path))
    assert list(zip(table["id"], table["seed"], table["status"], strict=True)) == [
        ("z", 0, "failed"),
        ("z", 1, "finished"),
        ("a", 0, "missing"),
        ("a", 1, "missing"),
    ]
    assert list(table["test_accuracy"].notna()) == [False, True, False, False]
    assert table["test_accuracy"].mean() == 138 / 140, "rows without a result are in no mean"
    assert list(table["epochs"]) == [2, 2, 2, 2]


def test_study_without_any_result_has_rows_and_no_measures(tmp_path: Path) -> None:
    table = study_table(load_study(prefix_study(tmp_path)))
    origin = ["device", "trial_id", "shared_with", "status"]
    assert list(table.columns)[-5:] == ["seed", *origin] and len(table) == 2
    empty = write_study(tmp_path / "empty", study_json({}))
    assert study_table(load_study(empty)).empty


def test_factor_outside_the_columns_gets_a_column(tmp_path: Path) -> None:
    factors = ["dataset", "mixed_precision"]
    config = resnet_config(mixed_precision=True)
    meta = study_json({"a2": config}, space={"factors": factors})
    table = study_table(load_study(write_study(tmp_path / "amp", meta)))
    assert list(table.columns)[1:4] == ["dataset", "mixed_precision", "seed"]
    assert table["mixed_precision"].item() is True or bool(table["mixed_precision"].item())


def test_counts_and_missing_parameters_of_svms(tmp_path: Path) -> None:
    table = study_table(svm_study(tmp_path))
    assert list(table["status"]) == ["finished", "unconverged", "missing"]
    assert table["degree"].isna().tolist() == [True, False, False]
    assert table["degree"].iloc[1:].tolist() == [3, 4]
    assert table["num_support_vectors"].iloc[:2].tolist() == [321, 321]
    assert table["num_train_images"].iloc[0] == 490
    assert table["converged"].iloc[:2].tolist() == [True, False]
    assert "320.0" not in table.to_csv() and ",321," in table.to_csv(), "counts are whole"


def test_generic_table_has_factors_and_metrics(tmp_path: Path) -> None:
    config = {"num_layers": "many", "depth": 3, "width": 0.5, "rule": "a"}
    space = {"trainable": "mine", "factors": ["num_layers", "depth"], "metric": "score"}
    path = write_study(tmp_path / "own", study_json({"c1": config}, space=space))
    result = {"epoch": 1, "milestone": 1, "energy": 2.5, "score": 7, "ok": True, "note": "text"}
    write_trial(path, "k1", config, {1: ["c1"]}, [result])
    table = study_table(load_study(path))
    assert list(table.columns) == [
        *("id", "num_layers", "depth", "seed", "score", "energy", "ok", "width", "rule"),
        *("device", "trial_id", "shared_with", "status"),
    ]
    assert table["score"].item() == 7
    assert table["num_layers"].item() == "many"

    space["factors"] = []
    every = load_study(write_study(tmp_path / "all", study_json({"c1": config}, space=space)))
    assert list(study_table(every).columns)[:6] == [
        *("id", "num_layers", "depth", "width", "rule", "seed")
    ]


def test_sharing_summary_counts_rows_and_epochs(tmp_path: Path) -> None:
    shared = load_study(shared_study(tmp_path / "grid"))
    assert sharing_summary(shared) == {
        "num_trials": 1,
        "num_rows": 4,
        "epochs_of_rows": 14,
        "epochs_of_trials": 5,
    }
    assert inert_axes(shared) == {"pin_memory": 2}
    assert why_inert(shared, "pin_memory") == "it does nothing without a GPU"
    shared.meta["device"] = "cuda"  # there it does nothing if the images stay in the GPU's memory
    assert why_inert(shared, "pin_memory") == "it changes nothing"


def test_prefix_sharing_alone_has_no_inert_axis(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", resnet_config(epochs=5), PREFIX, [line(1)])
    study = load_study(path)
    assert inert_axes(study) == {}
    assert sharing_summary(study)["epochs_of_rows"] == 7
    assert sharing_summary(study)["epochs_of_trials"] == 5


@pytest.mark.parametrize("name", ["id", "status", "trial"])
def test_parameters_may_have_the_names_of_columns(tmp_path: Path, name: str) -> None:
    config = resnet_config(**{name: "own"})
    meta = study_json({"a2": config}, space={"trainable": "mine", "factors": [name]})
    path = write_study(tmp_path / "own", meta)
    write_trial(path, "k1", config, {2: ["a2"]}, [line(2, milestone=True)])
    table = study_table(load_study(path))
    assert table["id"].item() == "a2"
    assert table["status"].item() == "finished"
