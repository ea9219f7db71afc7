from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from analysis.frames.selection import GAP, best_rows, selection_gap

NAMES = ("config_id", "dataset", "model", "seed", "status", "val_accuracy", "test_accuracy")


def rows(*records: tuple[Any, ...]) -> pd.DataFrame:
    """Return rows from (config_id, dataset, model, seed, status, val, test, train_seconds)."""
    return pd.DataFrame(records, columns=[*NAMES, "train_seconds"])


def test_best_on_validation_not_on_test() -> None:
    frame = rows(
        ("a", "mnist", "resnet18", 0, "finished", 0.90, 0.99, 5.0),
        ("b", "mnist", "resnet18", 0, "finished", 0.95, 0.94, 5.0),
        ("c", "mnist", "resnet50", 0, "finished", 0.10, 0.20, 5.0),
        ("d", "fashion_mnist", "resnet18", 0, "finished", 0.80, 0.81, 5.0),
    )
    best = best_rows(frame)
    assert list(best["config_id"]) == ["b", "c", "d"]
    assert list(best["num_seeds"]) == [1, 1, 1]
    assert list(best.columns) == [*frame.columns, "num_seeds"]
    assert list(best_rows(frame, by=())["config_id"]) == ["b"]
    assert list(best_rows(frame, by=("dataset",))["config_id"]) == ["b", "d"]


def test_lowest_wins_in_mode_min() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.9, 0.9, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.2, 0.9, 5.0),
    )
    assert best_rows(frame, mode="min")["config_id"].item() == "b"
    with pytest.raises(AssertionError):
        best_rows(frame, mode="best")


def test_ties_go_to_fewer_epochs_then_to_the_declared_order() -> None:
    frame = rows(
        ("long", "mnist", "m", 0, "finished", 0.9, 0.9, 1.0),
        ("b", "mnist", "m", 0, "finished", 0.9, 0.9, 4.0),
        ("a", "mnist", "m", 0, "finished", 0.9, 0.9, 3.0),
        ("0", "mnist", "m", 0, "finished", 0.8, 0.9, 1.0),
    ).assign(milestone=[5, 2, 2, 2])
    assert best_rows(frame)["config_id"].item() == "b"
    assert best_rows(frame[::-1])["config_id"].item() == "a"
    assert best_rows(frame.drop(columns="milestone"))["config_id"].item() == "long"
    assert selection_gap(frame)["num_tied"].item() == 3


def test_means_of_the_same_values_in_another_order_tie() -> None:
    values = {"a": (0.1, 0.2, 0.3), "b": (0.3, 0.2, 0.1)}
    assert sum(values["a"]) != sum(values["b"])
    records = [
        (name, "mnist", "m", seed, "finished", value, value, 1.0)
        for name, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    ]
    gap = selection_gap(rows(*records))
    assert gap["config_id"].item() == "a" and gap["num_tied"].item() == 2


def test_rows_without_a_sound_result_are_never_picked() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "diverged", 0.99, 0.99, 5.0),
        ("b", "mnist", "m", 0, "failed", 0.99, 0.99, 5.0),
        ("c", "mnist", "m", 0, "unfinished", 0.99, 0.99, 5.0),
        ("d", "mnist", "m", 0, "open", 0.99, 0.99, 5.0),
        ("e", "mnist", "m", 0, "missing", 0.99, 0.99, 5.0),
        ("f", "mnist", "m", 0, "finished", math.nan, 0.99, 5.0),
        ("g", "mnist", "m", 0, "finished", math.inf, 0.99, 5.0),
        ("h", "mnist", "m", 0, "finished", 0.5, 0.6, 5.0),
        ("i", "mnist", "m", 0, "unconverged", 0.7, 0.6, 5.0),
    )
    assert best_rows(frame)["config_id"].item() == "i"
    assert selection_gap(frame)["num_candidates"].item() == 2
    nothing = best_rows(frame[:7])
    assert nothing.empty and "num_seeds" in nothing
    assert selection_gap(frame[:7]).empty
    assert best_rows(frame, metric="absent").empty
    assert best_rows(frame[:0]).empty


def test_seeds_are_averaged_per_configuration() -> None:
    frame = rows(
        ("lucky", "mnist", "m", 1, "finished", 0.99, 0.90, 5.0),
        ("lucky", "mnist", "m", 0, "finished", 0.71, 0.80, 7.0),
        ("solid", "mnist", "m", 1, "finished", 0.92, 0.90, 5.0),
        ("solid", "mnist", "m", 0, "finished", 0.90, 0.88, 5.0),
        ("fragile", "mnist", "m", 0, "finished", 0.99, 0.99, 5.0),
        ("fragile", "mnist", "m", 1, "diverged", math.nan, math.nan, math.nan),
    ).assign(lr=0.1)
    best = best_rows(frame)
    assert best["config_id"].item() == "solid"
    assert best["val_accuracy"].item() == pytest.approx(0.91)
    assert best["test_accuracy"].item() == pytest.approx(0.89)
    assert best["train_seconds"].item() == 5.0
    assert best["num_seeds"].item() == 2
    assert best["seed"].item() == 0
    assert best["lr"].item() == 0.1, "a mean of equal values must not round"
    assert list(frame["seed"]) == [1, 0, 1, 0, 0, 1], "the argument is left alone"


def test_seeds_that_failed_count_against_a_pick() -> None:
    frame = rows(
        *(("a", "mnist", "m", seed, "finished", 0.955, 0.95, 5.0) for seed in range(6)),
        ("b", "mnist", "m", 0, "finished", 0.960, 0.96, 5.0),
        *(("b", "mnist", "m", seed, "failed", math.nan, math.nan, 5.0) for seed in range(1, 6)),
    )
    best = best_rows(frame)
    assert (best["config_id"].item(), best["num_seeds"].item()) == ("a", 6)
    [gap] = selection_gap(frame).to_dict("records")
    assert gap["test_picked_config_id"] == "a"
    assert (gap["num_candidates"], gap["num_at_fewer_seeds"], gap["num_tied"]) == (1, 1, 1)
    few = best_rows(frame[frame["seed"] == 0])
    assert few["config_id"].item() == "b", "equally many seeds are compared by their means"


def test_a_seed_that_diverged_excludes_also_where_all_have_one_result() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.9, 0.9, 5.0),
        ("a", "mnist", "m", 1, "diverged", math.nan, math.nan, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.5, 0.5, 5.0),
    )
    assert best_rows(frame)["config_id"].item() == "b"
    assert selection_gap(frame)["num_candidates"].item() == 1


def test_an_equal_mean_of_fewer_seeds_is_no_tie() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.9, 0.9, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.9, 0.9, 5.0),
        ("b", "mnist", "m", 1, "finished", 0.9, 0.9, 5.0),
    )
    [gap] = selection_gap(frame).to_dict("records")
    assert (gap["config_id"], gap["num_tied"], gap["num_at_fewer_seeds"]) == ("b", 1, 1)


def test_gap_is_what_a_pick_on_test_would_have_claimed() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.90, 0.99, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.95, 0.94, 5.0),
        ("c", "fashion_mnist", "m", 0, "finished", 0.80, 0.81, 5.0),
        ("d", "fashion_mnist", "m", 0, "failed", math.nan, math.nan, math.nan),
    )
    gap = selection_gap(frame)
    assert list(gap.columns) == [
        *("dataset", "model", "config_id", "num_seeds"),
        *("num_candidates", "num_at_fewer_seeds", "num_tied"),
        *(
            "val_accuracy",
            "test_accuracy",
            "test_picked_config_id",
            "test_picked_test_accuracy",
            GAP,
        ),
    ]
    assert list(gap["config_id"]) == ["b", "c"]
    assert list(gap["test_accuracy"]) == [0.94, 0.81]
    assert list(gap["test_picked_config_id"]) == ["a", "c"]
    assert list(gap["test_picked_test_accuracy"]) == [0.99, 0.81]
    assert list(gap[GAP]) == pytest.approx([0.05, 0.0])
    assert list(gap["num_candidates"]) == [2, 1]
    assert list(gap["num_at_fewer_seeds"]) == [0, 0]


def test_gap_of_a_loss_is_not_negative_either() -> None:
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.0, 0.0, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.0, 0.0, 5.0),
    ).assign(val_loss=[0.3, 0.4], test_loss=[0.5, 0.2])
    gap = selection_gap(frame, metric="val_loss", mode="min")
    assert gap["config_id"].item() == "a"
    assert gap[GAP].item() == pytest.approx(0.3)


def test_equal_means_have_no_gap_whatever_their_last_digits() -> None:
    assert (0.80 + 0.84) / 2 != 0.82, "by rounding"
    frame = rows(
        ("a", "mnist", "m", 0, "finished", 0.5, 0.80, 5.0),
        ("a", "mnist", "m", 1, "finished", 0.5, 0.84, 5.0),
        ("b", "mnist", "m", 0, "finished", 0.6, 0.82, 5.0),
        ("b", "mnist", "m", 1, "finished", 0.6, 0.82, 5.0),
    )
    for mode in ("max", "min"):
        assert selection_gap(frame, mode=mode)[GAP].tolist() == [0.0]


def test_gap_without_a_test_metric_is_unknown() -> None:
    frame = rows(("a", "mnist", "m", 0, "finished", 0.9, 0.9, 5.0)).assign(val_score=[3.0])
    gap = selection_gap(frame, metric="val_score")
    assert gap["config_id"].item() == "a"
    assert math.isnan(gap[GAP].item()) and gap["test_picked_config_id"].isna().item()


def test_a_result_that_no_seed_changes_counts_at_every_seed() -> None:
    """An SVM on all images has one result, beside means over seeds of those on some images."""
    some = [("some", "d", "m", seed, "finished", 0.8, 0.8, 1.0) for seed in (0, 1, 2)]
    frame = rows(*some, ("all", "d", "m", 0, "finished", 0.9, 0.9, 1.0))
    assert best_rows(frame)["config_id"].item() == "some", "else the other seeds are missing"
    best = best_rows(frame, same=["all"])
    assert best["config_id"].item() == "all"
    assert best["num_seeds"].item() == 1
    gap = selection_gap(frame.assign(val_accuracy=0.9), same=["all"])
    assert gap["num_tied"].item() == 2
    assert gap["test_picked_config_id"].item() == "all"
    worse = frame.assign(val_accuracy=[0.95, 0.95, 0.95, 0.9])
    assert best_rows(worse, same=["all"])["config_id"].item() == "some"
