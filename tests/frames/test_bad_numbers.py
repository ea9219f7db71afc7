"""NaN, infinities, zeros, absent classes: shown as they are, never dropped, never averaged."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.frames.load import FINISHED, Study, load_study
from analysis.frames.selection import GAP, best_rows, selection_gap
from analysis.frames.tables import study_table
from analysis.labs.device_arms import speedups
from analysis.report import main as report
from search_spaces.errors import UserError
from tests.refusals import FEWER, outcome
from tests.studies import QUICK, line, resnet_config, row, study_json, write_study, write_trial
from tune_app.data.images import load_datasets
from tune_app.data.split_data import subset_train
from tune_app.training.metrics import classification_metrics

BAD = st.sampled_from([math.nan, math.inf, -math.inf, None, "null", 0, -1.5, 1e308, 10**400, "x"])
UNCHECKED = ("images_per_second", "num_test", "timestamp")
"""A text in these costs its own cell only."""
METRICS = ["train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"]
METRICS += [
    "test_f1",
    "train_seconds",
    "epoch_seconds",
    "images_per_second",
    "num_test",
    "timestamp",
]


def study_of(path: Path, *changes: dict[str, Any], **meta: Any) -> Study:
    """Return a study of one configuration per learning rate, each with its odd last line."""
    configurations = {f"c{i}": resnet_config(lr=0.1 * (i + 1)) for i in range(len(changes))}
    write_study(path, study_json(configurations, **meta))
    for index, (config_id, config) in enumerate(configurations.items()):
        lines = [line(1), line(2, milestone=True) | changes[index]]
        write_trial(path, f"k{index}", config, {2: [config_id]}, lines)
    return load_study(path)


def table_in(path: Path) -> list[dict[str, str]]:
    with (path / "report" / "tables" / "grid.csv").open() as stream:
        return list(csv.DictReader(stream))


@FEWER
@given(st.lists(st.dictionaries(st.sampled_from(METRICS), BAD), min_size=2, max_size=3))
def test_any_numbers_leave_every_row_in_place(
    tmp_path: Path, changes: list[dict[str, Any]]
) -> None:
    path = tmp_path / "grid"
    shutil.rmtree(path, ignore_errors=True)
    study = study_of(path, *changes)
    damaged = ["x" in [v for k, v in c.items() if k not in UNCHECKED] for c in changes]
    statuses = ["unfinished" if is_damaged else "finished" for is_damaged in damaged]
    assert list(study.rows["status"]) == statuses
    assert outcome([str(path), *QUICK], report)[0] == 0
    assert [r["id"] for r in table_in(path)] == [f"c{i}" for i in range(len(changes))]
    best = best_rows(study.rows)
    assert best.empty or np.isfinite(best["val_accuracy"].astype(float)).all()
    finite = [r for r in study.rows.get("val_accuracy", ()) if math.isfinite(r)]
    assert len(best) == (1 if finite else 0)
    gaps = selection_gap(study.rows)[GAP].dropna()
    assert (gaps.astype(float) >= 0).all()


def test_a_nan_is_shown_and_never_picked(tmp_path: Path) -> None:
    odd = {"val_accuracy": math.nan, "test_accuracy": math.inf, "train_seconds": 0.0}
    study = study_of(tmp_path / "grid", odd, {"val_accuracy": 0.5})
    assert best_rows(study.rows)["config_id"].item() == "c1"
    assert math.isinf(row(study, "c0")["test_accuracy"])
    assert report([str(tmp_path / "grid"), *QUICK]) == 0
    first = table_in(tmp_path / "grid")[0]
    assert (first["val_accuracy"], first["test_accuracy"], first["status"]) == (
        "",
        "inf",
        "finished",
    )


def test_a_diverged_seed_is_in_no_mean(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}, seeds=(0, 1, 2)))
    for seed in (0, 1):
        result = line(2, milestone=True, val_accuracy=0.8 + 0.1 * seed)
        write_trial(path, f"k{seed}", config, {2: ["a"]}, [line(1), result], seed=seed)
    assert best_rows(load_study(path).rows)["val_accuracy"].item() == pytest.approx(0.85)
    lost = line(1, train_loss=math.nan, val_accuracy=0.1, status="diverged")
    write_trial(path, "k2", config, {2: ["a"]}, [lost], seed=2)
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "finished", "diverged"]
    assert math.isnan(row(study, "a", 2)["val_accuracy"]), "its 0.1 is no result"
    assert len(study_table(study)) == 3
    assert best_rows(study.rows).empty, "the mean of the survivors would flatter it"
    assert report([str(path), *QUICK]) == 0
    text = (path / "report" / "report.md").read_text()
    assert "training diverged at epoch 1" in text and "No row can be picked" in text


@pytest.mark.parametrize("seconds", [0, math.nan, None, math.inf])
def test_a_speedup_over_no_time_is_unknown(tmp_path: Path, seconds: Any) -> None:
    arms = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    space = {"factors": ["device"]}
    path = write_study(tmp_path / "grid", study_json(arms, space=space))
    for device, config in arms.items():
        taken = 10.0 if device == "cpu" else seconds
        result = line(2, milestone=True, device=device) | {"train_seconds": taken}
        write_trial(path, f"k{device}", config, {2: [device]}, [result])
    study = load_study(path)
    assert set(study.rows["status"]) <= set(FINISHED)
    assert speedups(study).isna().all()
    assert report([str(path), *QUICK]) == 0


@pytest.mark.parametrize(
    "matrix", [None, "x", [], [[1, 2]], [[1], [2, 3]], [[10**400]], [["a"]], [[1, 2], [3, None]], 7]
)
def test_a_damaged_confusion_matrix_is_none(tmp_path: Path, matrix: Any) -> None:
    study = study_of(tmp_path / "grid", {"confusion_matrix": matrix})
    assert study.confusion_matrix("c0", 0) is None
    assert row(study, "c0")["status"] == "finished"


def test_absent_classes_divide_by_nothing() -> None:
    """True classes 0 and 1 of three; 2 is predicted once, 1 never."""
    metrics = classification_metrics(np.array([0, 0, 0, 1]), np.array([0, 0, 2, 0]), 3)
    assert metrics["confusion_matrix"] == [[2, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert metrics["test_accuracy"] == 0.5
    assert all(math.isfinite(v) for v in metrics.values() if isinstance(v, float))
    json.dumps(metrics, allow_nan=False)


def test_a_training_subset_has_every_class_or_is_refused() -> None:
    images = load_datasets(["mnist"], "sample", 200)["mnist"]
    few = subset_train(images, 10, 0)
    assert sorted(few.labels[few.train]) == list(range(10))
    for number in (0, 9, len(images.train) + 1):
        with pytest.raises(UserError, match="num_train_images"):
            subset_train(images, number, 0)
