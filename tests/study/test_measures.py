"""What a measure means: percent only for what is a share, units, directions, splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from search_spaces import Measure
from tune_app.study.measures import Measures, is_share, measured

RMSE = Measures("val_rmse", "min", {"test_rmse": Measure(unit="mm")})


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("val_accuracy", 0.98765, "98.77 %"),
        ("test_f1_weighted", 1.0, "100.00 %"),
        ("top5_accuracy", 0, "0.00 %"),
        ("val_rmse", 12.3, "12.3"),
        ("val_loss", 0.123456, "0.1235"),
        ("val_accuracy", 94.3, "94.3"),
        ("accuracy_loss", 0.5, "0.5"),
        ("perplexity", 1234567, "1,234,567"),
        ("perplexity", 9999.4, "9999"),
        ("perplexity", 1e15, "1e+15"),
        ("train_seconds", 1.5, "1.5 s"),
        ("val_accuracy", np.float32(0.5), "50.00 %"),
        ("val_accuracy", float("nan"), "not known"),
        ("val_loss", None, "not known"),
        ("val_loss", "null", "not known"),
        ("val_loss", True, "not known"),
    ],
)
def test_a_value_in_words(name: str, value: object, text: str) -> None:
    assert Measures().text(name, value) == text


def test_a_share_is_told_by_its_name() -> None:
    assert all(is_share(name) for name in ("accuracy", "val_precision", "test_recall", "f1_macro"))
    assert not any(is_share(name) for name in ("loss", "val_rmse", "inaccuracy", "f12", "seconds"))


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        (Measure(unit="%"), 0.5, "50.00 %"),
        (Measure(unit="%"), 90.0, "90 %"),
        (Measure(count="num_val"), 0.5, "50.00 %"),
        (Measure(count="num_val"), 90.0, "90"),
        (Measure(unit="points"), 0.5, "0.5 points"),
        (Measure(better="max"), 0.5, "50.00 %"),
    ],
)
def test_what_the_space_declares_counts_more_than_the_name(
    declared: Measure, value: float, text: str
) -> None:
    assert Measures(declared={"val_accuracy": declared}).text("val_accuracy", value) == text


def test_one_value_outside_of_0_to_1_tells_that_none_is_a_share() -> None:
    assert Measures().text("val_accuracy", 0.5, [None, 90.0]) == "0.5"
    assert Measures().text("val_accuracy", 0.5, [None, "x", 0.9]) == "50.00 %"


def test_measures_of_one_quantity_have_one_unit_and_one_direction() -> None:
    assert RMSE.text("val_rmse", 12.34567) == "12.35 mm"
    assert RMSE.unit("test_rmse") == "mm" and RMSE.unit("rmse_of_z") == ""
    assert RMSE.better("test_rmse") == RMSE.better("val_loss") == "min"
    assert RMSE.words("val_rmse") == "val_rmse (mm, lower is better)"
    assert Measures().words("val_accuracy") == "val_accuracy (higher is better)"
    assert Measures().words("speed") == "speed"


def test_the_split_is_declared_or_told_by_the_prefix() -> None:
    own = Measures("rmse", "min", {"rmse": Measure(split="val"), "test_q": Measure(split="train")})
    assert [own.split(n) for n in ("rmse", "test_q", "test_rmse", "loss")] == [
        *("val", "train", "test"),
        None,
    ]
    assert own.on_test_data("rmse", ["rmse", "loss", "test_rmse"]) == "test_rmse"
    assert own.on_test_data("rmse", ["rmse", "loss"]) is None
    assert own.on_test_data("test_rmse", ["test_rmse"]) is None


def test_the_items_of_a_share() -> None:
    own = Measures(declared={"hit": Measure(count="num_shots", split="test")})
    assert own.count("hit") == "num_shots" and own.count("test_accuracy") == "num_test"
    assert own.count("val_accuracy") is None and own.count("test_rmse") is None


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("train_loss", "loss/train"),
        ("val_rmse", "rmse/val"),
        ("epoch_seconds", "time/epoch_seconds"),
        ("train_seconds", "time/train_seconds"),
        ("score", "score"),
        ("rank", "rank/val"),
        ("size", "size"),
        ("loss", "loss"),
        ("top5_accuracy", "top5_accuracy"),
        ("images_per_second", "other/images_per_second"),
        ("my/loss", "my/loss"),
        ("latency", "time/latency"),
        ("test_latency", "time/test_latency"),
    ],
)
def test_tensorboard_groups_measures(name: str, tag: str) -> None:
    declared = {"rank": Measure(split="val"), "size": Measure(unit="m")}
    declared["latency"] = Measure(unit="ms")
    assert Measures("score", "max", declared).tag(name) == tag


def test_a_damaged_study_file_declares_nothing() -> None:
    broken: list[dict[str, Any]] = [{"measures": 3}, {"measures": {"a": 5}}, {"measures": None}]
    for space in broken:
        assert Measures.of_study({"space": space}).unit("a") == ""
    space = {"metric": "a", "mode": "min", "measures": {"a": {"unit": "mm", "better": "up"}}}
    assert Measures.of_study({"space": space}).words("a") == "a (mm, lower is better)"


def test_what_a_row_measured() -> None:
    row = {"epoch": 3, "training_iteration": 3, "pid": 9, "score": 1, "ok": True, "note": "x"}
    assert measured(row | {"bad": float("inf"), "size": np.int64(4)}) == {"score": 1.0, "size": 4.0}


def test_a_metric_that_nothing_reports_is_named_with_what_is_reported() -> None:
    row = {"epoch": 1, "score": 0.5, "rmse_mm": 1.0, "device": "cpu", "time_total_s": 3.0}
    assert Measures("val_f1", "max").missing_from([row]) == (
        "no result has val_f1, the metric of the search space, so nothing can be picked; "
        "reported are rmse_mm, score"
    )
    assert Measures("val_f1", "max").missing_from([row, {**row, "val_f1": 0.4}]) == ""
    assert Measures("val_f1", "max").missing_from([]) == ""


@pytest.mark.parametrize(
    ("declared", "hint"),
    [
        ("val_rsme", "no result has val_rsme, which measures declares; did you mean 'val_rmse'?"),
        ("test_rmse", ""),  # says the unit of val_rmse, too
        ("val_rmse", ""),
        ("latency_ms", ""),
        ("val_r1", ""),  # another number than val_r2
    ],
)
def test_a_declared_measure_that_is_misspelt_is_told(declared: str, hint: str) -> None:
    measures = Measures("val_rmse", "min", {declared: Measure(unit="mm")})
    assert measures.missing_from([{"epoch": 1, "val_rmse": 0.5, "val_r2": 0.9}]) == hint
    assert measures.missing_from([]) == ""
    both = {declared: Measure(unit="mm"), "val_rmse": Measure(unit="mm")}
    assert Measures("val_rmse", "min", both).missing_from([{"val_rmse": 0.5}]) == ""


def test_how_many_items_a_share_was_counted_over() -> None:
    rows = [{"val_accuracy": 0.5, "test_accuracy": 0.5, "num_test": 160, "val_rmse": 1.5}] * 2
    splits = [{"num_val": 70, "num_test": 140}, {"num_val": 70, "num_test": 150}]
    found = {name: Measures().num_items(name, rows, splits) for name in rows[0]}
    assert (found["val_accuracy"], found["test_accuracy"], found["val_rmse"]) == (70, 160, None)
    assert Measures().num_items("test_accuracy", [{"test_accuracy": 0.5}], splits) is None
    damaged = [{"test_accuracy": 0.5, "num_test": [160]}]
    assert Measures().num_items("test_accuracy", damaged, splits) is None


def test_a_share_of_counted_items_is_an_accuracy_or_declared_with_their_number() -> None:
    known = Measures(declared={"val_hit": Measure(count="num_shots"), "rate": Measure(unit="%")})
    assert all(map(known.is_counted, ("accuracy", "val_accuracy", "val_hit")))
    others = ("test_hit", "val_f1", "test_balanced_accuracy", "rate", "val_loss")
    assert not any(map(known.is_counted, others))
