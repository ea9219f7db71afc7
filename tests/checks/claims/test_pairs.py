from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.checks.claims.pairs import match, turns
from analysis.claims import from_study
from analysis.frames.load import load_study
from tests.checks.claims.claim_rows import grid, two_arms
from tests.studies import line, resnet_config, shared_study, study_json, write_study, write_trial


def test_pairs_differ_in_the_factor_alone() -> None:
    evidence = grid(
        lambda row: {16: 0.5, 32: 0.7}[row["batch_size"]] + row["seed"] / 100,
        {"batch_size": (16, 32), "lr": (0.1, 0.01)},
        seeds=(0, 1, 2),
    )
    matched = match(evidence, "batch_size", 32, 16, "test_accuracy")
    assert len(matched.pairs) == 6 and matched.units.num_seeds == 3
    assert matched.differences == pytest.approx([0.2] * 6)
    assert set(matched.pairs["lr"]) == {"0.1", "0.01"}


@pytest.mark.parametrize(
    ("num_values", "num_seeds", "is_certain"),
    [(2, 6, True), (4, 6, True), (5, 6, False), (5, 7, True)],
)
def test_a_sign_that_turns_is_certain_at_all_values_together(
    num_values: int, num_seeds: int, is_certain: bool
) -> None:
    """With six seeds each side has 1 / 64, which is too much four times."""
    rates = [0.1, *(0.01 * (place + 1) for place in range(num_values - 1))]

    def accuracy(row: dict[str, Any]) -> float:
        gain = (0.01 + row["seed"] / 1000) * (1 if row["lr"] == 0.1 else -1)
        return 0.8 + gain * (row["optimizer"] == "adam")

    axes = {"optimizer": ("sgd", "adam"), "lr": tuple(rates)}
    evidence = grid(accuracy, axes, seeds=range(num_seeds))
    found = turns(match(evidence, "optimizer", "adam", "sgd", "test_accuracy"), 0.05)
    assert bool(found) == is_certain
    assert not is_certain or found.startswith("the sign of the difference depends on learning rate")


def test_what_cannot_be_paired_says_why() -> None:
    evidence = two_arms([0.1, 0.2])
    assert match(evidence, "optimiser", "adam", "sgd", "test_accuracy").problem == (
        "no column optimiser; did you mean 'optimizer'?"
    )
    assert (
        "no column val_accuracy"
        in match(evidence, "optimizer", "adam", "sgd", "val_accuracy").problem
    )
    lacking = match(evidence, "optimizer", "adam", "rmsprop", "test_accuracy").problem
    assert lacking == "no rows with test accuracy and optimizer rmsprop"
    apart = evidence.rows.assign(lr=range(len(evidence.rows)))
    unmatched = replace(evidence, rows=apart, settings=("optimizer", "lr"))
    assert match(unmatched, "optimizer", "adam", "sgd", "test_accuracy").problem == (
        "no two rows differ only in optimizer"
    )
    negative = replace(evidence, rows=evidence.rows.assign(test_loss=-1.0))
    assert (
        "not positive" in match(negative, "optimizer", "adam", "sgd", "test_loss", log=True).problem
    )


def test_one_trial_for_both_values_is_refused(tmp_path: Path) -> None:
    evidence = from_study(load_study(shared_study(tmp_path / "grid")))
    accuracy = match(evidence, "pin_memory", True, False, "test_accuracy")
    assert accuracy.pairs.empty
    assert accuracy.problem == (
        "both values of pin memory share one trial, so there is only one result"
    )
    times = match(evidence, "pin_memory", True, False, "train_seconds")
    assert times.problem == ("both values of pin memory share one trial, so there is only one time")


def test_copies_of_a_pair_count_once(tmp_path: Path) -> None:
    evidence = from_study(load_study(shared_study(tmp_path / "grid")))
    matched = match(evidence, "epochs", 5, 2, "test_accuracy")
    # pin_memory on and off are the same two results of the same trial.
    assert matched.differences == pytest.approx([1 / 140])


def test_epochs_of_the_same_two_trials_are_one_pair(tmp_path: Path) -> None:
    configurations = {
        f"{name}{epochs}": resnet_config(optimizer=name, epochs=epochs)
        for name in ("sgd", "adam")
        for epochs in (2, 5)
    }
    study = write_study(tmp_path / "grid", study_json(configurations))
    for name, first, last in (("sgd", 0.5, 0.9), ("adam", 0.6, 0.8)):
        lines = [line(1), line(2, milestone=True, test_accuracy=first), line(3), line(4)]
        lines.append(line(5, milestone=True, test_accuracy=last))
        serves = {2: [f"{name}2"], 5: [f"{name}5"]}
        write_trial(study, name, configurations[f"{name}5"], serves, lines)
    evidence = from_study(load_study(study))
    matched = match(evidence, "optimizer", "adam", "sgd", "test_accuracy")
    assert matched.differences == pytest.approx([(0.1 - 0.1) / 2])
    assert match(
        evidence.where({"epochs": 2}), "optimizer", "adam", "sgd", "test_accuracy"
    ).differences == pytest.approx([0.1])


def test_times_need_the_same_known_conditions() -> None:
    evidence = two_arms([0.1, 0.2])
    rows = evidence.rows.assign(train_seconds=[1.0, 2.0, 3.0, 4.0])
    unknown = replace(evidence, rows=rows)
    problem = match(unknown, "optimizer", "adam", "sgd", "train_seconds").problem
    assert problem == ("times are not comparable: how many trials ran at once is not recorded")
    alone = replace(evidence, rows=rows.assign(num_concurrent_trials=1))
    assert match(alone, "optimizer", "adam", "sgd", "train_seconds").differences == pytest.approx(
        [2.0, 2.0]
    )
    printed = replace(unknown, kind="report")
    assert not match(printed, "optimizer", "adam", "sgd", "train_seconds").problem


def test_pairs_of_times_under_unlike_conditions_are_left_out() -> None:
    """SGD takes 1 s and 2 s, Adam 3 s and 4 s; the second pair ran beside another trial once."""
    evidence = two_arms([0.1, 0.2])
    rows = evidence.rows.assign(
        train_seconds=[1.0, 2.0, 3.0, 4.0], num_concurrent_trials=[1, 1, 1, 2]
    )
    matched = match(replace(evidence, rows=rows), "optimizer", "adam", "sgd", "train_seconds")
    assert matched.differences.tolist() == [2.0] and matched.left_out == 1
    assert matched.note == "without 1 pair timed under different conditions"
    # Two pairs, each under conditions of its own, are two pairs.
    rows["num_concurrent_trials"] = [1, 2, 1, 2]
    matched = match(replace(evidence, rows=rows), "optimizer", "adam", "sgd", "train_seconds")
    assert matched.differences.tolist() == [2.0, 2.0] and not matched.note
    rows["num_concurrent_trials"] = [1, 1, 2, 2]
    matched = match(replace(evidence, rows=rows), "optimizer", "adam", "sgd", "train_seconds")
    assert matched.problem == "times are not comparable: between 1 and 2 trials ran at once"


def test_an_unconverged_solver_has_an_accuracy_but_no_time() -> None:
    evidence = two_arms([0.1, 0.2])
    rows = evidence.rows.assign(train_seconds=1.0, num_concurrent_trials=1, status="unconverged")
    stopped = replace(evidence, rows=rows)
    assert match(stopped, "optimizer", "adam", "sgd", "train_seconds").problem
    assert not match(stopped, "optimizer", "adam", "sgd", "test_accuracy").problem


def test_the_setting_that_turns_the_sign_is_named() -> None:
    wobble = [0.000, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009]

    def accuracy(row: dict[str, float]) -> float:
        gain = 0.05 if row["lr"] == 0.1 else -0.05
        return 0.5 + (gain + wobble[int(row["seed"])] if row["optimizer"] == "adam" else 0.0)

    axes = {"optimizer": ("sgd", "adam"), "lr": (0.1, 0.01), "batch_size": (16, 32)}
    evidence = grid(accuracy, axes, seeds=range(10))
    matched = match(evidence, "optimizer", "adam", "sgd", "test_accuracy")
    assert turns(matched, 0.05) == (
        "the sign of the difference depends on learning rate: +5.45 points at 0.1 (higher in 20 of "
        "20), −4.55 points at 0.01 (higher in 0 of 20)"
    )
    one_sided = match(evidence.where({"lr": 0.1}), "optimizer", "adam", "sgd", "test_accuracy")
    assert turns(one_sided, 0.05) == ""


def test_rows_without_result_are_left_out_and_counted(tmp_path: Path) -> None:
    configurations = {"a": resnet_config(), "b": resnet_config(optimizer="adam")}
    study = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(study, "k", configurations["a"], {2: ["a"]}, [line(1), line(2, milestone=True)])
    evidence = from_study(load_study(study))
    assert evidence.caveats == (
        "trained on 490 images",
        "1 of 2 rows have no result and are left out",
        "one seed",
    )
    assert match(evidence, "optimizer", "adam", "sgd", "test_accuracy").problem == (
        "no rows with test accuracy and optimizer Adam"
    )


def test_training_time_leaves_the_first_epoch_out(tmp_path: Path) -> None:
    config = resnet_config(epochs=3)
    study = write_study(tmp_path / "grid", study_json({"a": config}))
    seconds = [50.0, 60.0, 71.0]
    lines = [
        line(epoch, milestone=epoch == 3, train_seconds=taken)
        for epoch, taken in enumerate(seconds, 1)
    ]
    write_trial(study, "k", config, {3: ["a"]}, lines)
    rows: pd.DataFrame = from_study(load_study(study)).rows
    assert list(rows["train_seconds"]) == [10.5 * 3]
