from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from analysis.frames.load import load_study
from analysis.frames.summary import convergence_epoch, curve, summary_data
from analysis.render.document import Table
from analysis.sections.training import summary as section_of
from tests.any_studies import regression
from tests.own_studies import own_study, report
from tests.studies import (
    A5,
    line,
    resnet_config,
    row,
    shared_study,
    study_json,
    write_study,
    write_trial,
)

VALIDATION = (0.50, 0.80, 0.95, 0.90, 0.94)


@pytest.mark.parametrize(
    ("accuracies", "epoch"),
    [((0.5, 0.8, 0.89, 0.9), 4), ((0.5, 0.895, 0.7, 0.9), 2), ((0.9,), 1), ((), None)],
)
def test_convergence_is_the_first_epoch_at_99_percent(
    accuracies: tuple[float, ...], epoch: int | None
) -> None:
    epochs = np.arange(1, len(accuracies) + 1)
    assert convergence_epoch(epochs, np.array(accuracies)) == epoch


def test_convergence_to_a_minimum_is_within_a_percent_of_the_end() -> None:
    falling = np.array([9.0, 5.04, 5.06, 5.0])
    epochs = np.array([1, 2, 3, 4])
    assert convergence_epoch(epochs, falling, "min") == 2
    assert convergence_epoch(epochs, -falling, "max") == 2, "also below zero"


def test_convergence_without_an_end_is_unknown() -> None:
    assert convergence_epoch(np.array([1, 2]), np.array([0.9, math.nan])) is None


def test_convergence_is_the_epoch_that_a_report_names(tmp_path: Path) -> None:
    config = resnet_config(epochs=50)
    path = write_study(tmp_path / "grid", study_json({"a50": config}))
    lines = [
        line(epoch, milestone=epoch == 50, val_accuracy=value)
        for epoch, value in zip((10, 20, 30, 40, 50), VALIDATION, strict=True)
    ]
    write_trial(path, "k1", config, {50: ["a50"]}, lines)
    study = load_study(path)
    [found] = summary_data(study).to_dict("records")
    # 95 % at epoch 30 is the first that is as good as the 94 % of the last one.
    assert (found["convergence_epoch"], found["last_epoch"], found["num_epochs"]) == (30, 50, 5)
    section = section_of(study, "summary")
    assert section is not None and "30 of 50" in str(section)


def test_the_last_epochs_are_those_that_report_the_objective(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}], metric="val_score", mode="max")
    rows = [{"loss": 1.0} | ({"val_score": float(e)} if e % 2 == 0 else {}) for e in range(1, 9)]
    report(ledger, {"lr": 0.1}, rows)
    [found] = summary_data(load_study(ledger.root)).to_dict("records")
    assert found["last_epochs_sd"] == pytest.approx(2.0)  # of 4, 6 and 8


def test_summary_of_a_hand_made_training(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a5": A5}))
    lines = [
        line(epoch, milestone=epoch == 5, val_accuracy=value, train_accuracy=0.99)
        for epoch, value in enumerate(VALIDATION, start=1)
    ]
    write_trial(path, "k1", A5, {5: ["a5"]}, lines)
    [summary] = summary_data(load_study(path)).to_dict("records")
    assert summary["peak"] == 0.95
    assert summary["convergence_epoch"] == 3
    assert summary["num_epochs"] == 5
    # The last three: 0.95, 0.90, 0.94, mean 0.93.
    assert summary["last_epochs_sd"] == pytest.approx(math.sqrt((4 + 9 + 1) * 1e-4 / 2))
    assert summary["overfitting"] == pytest.approx(0.05)
    assert summary["generalisation"] == pytest.approx(0.94 - 138 / 140)
    assert math.isnan(summary["seeds_sd"])
    section = section_of(load_study(path), "summary")
    assert section is not None
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    assert table.cells["last epochs ± (points)"] == ["2.6"]
    assert table.cells["overfitting (points)"] == ["+5.0"]


@pytest.mark.parametrize(("num_val", "num_test"), [(70, 14_000), (14_000, 140)])
def test_a_difference_has_the_digits_of_the_smaller_split(
    tmp_path: Path, num_val: int, num_test: int
) -> None:
    data = study_json({})["data"]
    entry = data["datasets"]["mnist"] | {"num_val": num_val, "num_test": num_test}
    meta = study_json({"a5": A5}, data=data | {"datasets": {"mnist": entry}})
    path = write_study(tmp_path / "grid", meta)
    changes = {"val_accuracy": 0.94, "test_accuracy": 138 / 140, "num_test": num_test}
    write_trial(path, "k1", A5, {5: ["a5"]}, [line(5, milestone=True, **changes)])
    section = section_of(load_study(path), "summary")
    assert section is not None
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    assert table.cells["generalisation (points)"] == ["−4.6"], "not 4.57"


def test_seeds_are_averaged_and_their_spread_is_shown(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}, seeds=(0, 1)))
    for seed, accuracy in ((0, 0.90), (1, 0.94)):
        lines = [line(1), line(2, milestone=True, test_accuracy=accuracy)]
        write_trial(path, f"k{seed}", config, {2: ["a"]}, lines, seed=seed)
    [summary] = summary_data(load_study(path)).to_dict("records")
    assert summary["num_seeds"] == 2
    assert summary["shown"] == pytest.approx(0.92)
    assert summary["seeds_sd"] == pytest.approx(0.04 / math.sqrt(2))


def test_equal_seeds_have_no_spread(tmp_path: Path) -> None:
    """The mean of three equal numbers may be off by a last digit."""
    path = write_study(tmp_path / "grid", study_json({"a5": A5}, seeds=(0, 1, 2)))
    for seed in (0, 1, 2):
        lines = [line(5, milestone=True, test_accuracy=0.1)]
        write_trial(path, f"k{seed}", A5, {5: ["a5"]}, lines, seed=seed)
    [summary] = summary_data(load_study(path)).to_dict("records")
    assert np.std([0.1, 0.1, 0.1], ddof=1) > 0 and summary["seeds_sd"] == 0


def test_a_loss_is_better_the_lower_it_is(tmp_path: Path) -> None:
    regression(tmp_path / "regression")
    [summary] = summary_data(load_study(tmp_path / "regression")).to_dict("records")
    # lr 0.1 with width 8: 1 mm better on training, 1 mm worse on test than on validation.
    assert summary["overfitting"] == pytest.approx(1.0)
    assert summary["generalisation"] == pytest.approx(1.0)
    assert summary["peak"] == pytest.approx(summary["objective"]), "the lowest is the last"


def test_a_curve_ends_at_the_milestone_of_its_row(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    for name, num in (("a2", 2), ("a5", 5)):
        trial_id = row(study, name)["trial_id"]
        assert curve(study, trial_id, num)["epoch"].tolist() == list(range(1, num + 1))
    assert curve(study, trial_id, math.nan).empty


def test_a_percentage_and_a_share_are_not_subtracted(tmp_path: Path) -> None:
    """Validation and training in percent, test data as a share, which is printed in percent."""
    config = {"lr": 0.1}
    ledger = own_study(tmp_path / "own", [config], seeds=(0, 1), metric="val_accuracy", mode="max")
    for seed in (0, 1):
        measured = {"val_accuracy": 91.0, "train_accuracy": 0.95, "test_accuracy": 0.90}
        measured["test_accuracy"] += 0.01 * seed
        report(ledger, config, [{"val_accuracy": 90.0 + seed}, measured], seed=seed)
    study = load_study(tmp_path / "own")
    [summary] = summary_data(study).to_dict("records")
    assert math.isnan(summary["generalisation"]) and math.isnan(summary["overfitting"])
    section = section_of(study, "own")
    assert section is not None
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.cells["seeds ± (points)"] == ["0.71"], "of the share: 0.0071"
    assert table.cells["last epochs ±"] == ["0.354"], "of the percentage"
