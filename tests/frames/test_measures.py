"""What a measure of a study means, and how it is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.frames.load import Study, load_study
from analysis.frames.measures import (
    Measure,
    measure_of,
    num_items_of,
    objective_of,
    picked_by,
    reported_numbers,
    shown_of,
)
from tests.analysed_studies import grid_study, models_study
from tests.any_studies import regression, without_test
from tests.own_studies import own_study, report


def test_a_measure_prints_values_and_differences_in_its_unit() -> None:
    share, rmse = Measure("test_hit", unit="%"), Measure("val_rmse", "val", "min", "mm")
    assert share.value(0.975, 1000) == "97.5 %" and share.in_words(0.012, 1000) == "+1.2 points"
    assert rmse.value(12.3) == "12.3 mm" and rmse.in_words(-1.5) == "−1.5 mm"
    assert (share.heading, share.axis) == ("test hit (%)", "test hit")
    assert (rmse.heading, rmse.axis) == ("validation rmse (mm)", "validation rmse (mm)")
    assert rmse.difference(0.0) == "0" and Measure("loss").in_words(0.35) == "+0.35"


def test_objective_and_test_measure_come_from_the_study(tmp_path: Path) -> None:
    regression(tmp_path / "regression")
    study = load_study(tmp_path / "regression")
    assert objective_of(study) == Measure("val_rmse", "val", "min", "mm")
    assert shown_of(study) == Measure("test_rmse", "test", "min", "mm")
    assert num_items_of(study, None, "test_rmse") is None, "it counts nothing"
    without_test(tmp_path / "reward")
    alone = load_study(tmp_path / "reward")
    assert picked_by(alone) == ("val_reward", "val_reward") and picked_by(alone).is_optimistic


def test_items_are_those_reported_else_those_of_the_split(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    assert num_items_of(study, "mnist", "test_accuracy") == 140
    assert num_items_of(study, "mnist", "val_accuracy") == 70, "the split of study.json"
    assert num_items_of(study, "other", "val_accuracy") is None
    assert num_items_of(study, "mnist", "val_loss") is None
    assert measure_of(study, "test_accuracy").counts == "num_test"


def test_the_most_telling_numbers_come_first(tmp_path: Path) -> None:
    study = models_study(tmp_path / "grid", (0,), resnet18=(0.8, 0.7))
    names = reported_numbers(study)
    assert names[:3] == ["val_accuracy", "test_accuracy", "train_seconds"]
    assert names.index("test_f1") < names.index("val_loss") < names.index("train_loss")
    assert names[-1] in ("epoch_seconds", "images_per_second", "eval_seconds")


def reporting(path: Path, row: dict[str, Any], **space: Any) -> Study:
    ledger = own_study(path, [{"lr": 0.1}], **space)
    report(ledger, {"lr": 0.1}, [row])
    return load_study(path)


@pytest.mark.parametrize(("value", "unit"), [(0.9, "%"), (90.0, "")])
def test_a_users_own_percentage_is_no_share(tmp_path: Path, value: float, unit: str) -> None:
    study = reporting(tmp_path / "own", {"val_accuracy": value}, metric="val_accuracy")
    assert objective_of(study).unit == unit


def test_a_parameter_is_no_number_of_items(tmp_path: Path) -> None:
    config = {"num_test": 5}
    for name, measures in (("chance", {}), ("declared", {"test_accuracy": {"count": "num_test"}})):
        space = {"metric": "test_accuracy", "factors": ["num_test"], "measures": measures}
        ledger = own_study(tmp_path / name, [config], **space)
        report(ledger, config, [{"test_accuracy": 0.6}])
    chance, declared = (load_study(tmp_path / name) for name in ("chance", "declared"))
    assert num_items_of(chance, None, "test_accuracy") is None
    assert num_items_of(declared, None, "test_accuracy") == 5


def test_declared_measures_come_before_others(tmp_path: Path) -> None:
    row = {"noise": 1.0, "energy": 2.0, "score": 3.0}
    space = {"metric": "score", "measures": {"energy": {"unit": "J", "better": "min"}}}
    study = reporting(tmp_path / "own", row, **space)
    assert reported_numbers(study) == ["score", "energy", "noise"]
    assert measure_of(study, "energy") == Measure("energy", None, "min", "J")


def test_estimates_have_the_digits_that_their_interval_leaves() -> None:
    rmse = Measure("test_rmse", "test", "min", "mm")
    assert rmse.estimate(6.2667, 6.0698, 6.4636) == ["6.27", "6.07", "6.46"]
    assert rmse.estimated_difference(0.17994, 0.01784, 0.342) == ["+0.18", "+0.02", "+0.34"]
    assert rmse.estimated_difference(10.0, 10.0, 10.0) == ["+10", "+10", "+10"]
    assert rmse.difference(-0.38634) == "−0.386" and rmse.difference(12345.6) == "+12,346"


def test_a_unit_in_the_name_is_not_said_twice() -> None:
    latency = Measure("latency_ms", None, "min", "ms")
    assert latency.words == "latency" and latency.heading == latency.axis == "latency (ms)"
    assert Measure("peak_memory_mb", unit="MB").heading == "peak memory (MB)"
