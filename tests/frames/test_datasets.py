from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.frames.datasets import over_datasets
from analysis.frames.load import Study, load_study
from analysis.sections.seeds import data_sets
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial

LEVELS = {"mnist": 0.9, "fashionmnist": 0.8}
GAINS = {0.1: 0.0, 0.2: 0.05}


def two_sets(path: Path, seeds: Sequence[int], *, without: int = 0) -> Study:
    """Return a study of two rates on two data sets; the accuracy of a run is known by its seed."""
    configs = {
        f"{dataset}{lr}": resnet_config(dataset=dataset, lr=lr)
        for dataset in LEVELS
        for lr in GAINS
    }
    study = write_study(path / "grid", study_json(configs, seeds=seeds))
    trials = [(name, seed) for name in configs for seed in seeds]
    for name, seed in trials[without:]:
        config = configs[name]
        accuracy = LEVELS[str(config["dataset"])] + GAINS[float(config["lr"])] + seed / 1_000
        last = line(2, milestone=True, test_accuracy=accuracy, val_accuracy=accuracy)
        write_trial(study, f"{name}-{seed}", config, {2: [name]}, [line(1), last], seed=seed)
    return load_study(study)


def test_the_middle_half_by_hand(tmp_path: Path) -> None:
    frame = over_datasets(two_sets(tmp_path, range(6)))
    assert list(frame["config_id"]) == ["mnist0.2", "mnist0.1"], "the better rate first"
    # Twelve runs, 80.0 to 80.5 % and 90.0 to 90.5 %: without three at each end it is the mean of
    # 80.3, 80.4, 80.5 and 90.0, 90.1, 90.2 %.
    assert frame["iqm"].iloc[1] == pytest.approx((0.804 + 0.901) / 2)
    assert frame["iqm"].iloc[0] == pytest.approx((0.854 + 0.951) / 2)
    assert (frame["low"] < frame["iqm"]).all() and (frame["iqm"] < frame["high"]).all()
    # The quartiles of all 24 runs lie at about 80.5, 87.8 and 90.5 %.
    assert frame["share_above_0.5"].tolist() == [0.5, 0.5]
    assert frame["share_above_0.25"].tolist() == [1.0, 0.5]
    assert frame["share_above_0.75"].tolist() == [0.5, 0.0]


def test_the_table_has_intervals_from_six_seeds_on(tmp_path: Path) -> None:
    section = data_sets(two_sets(tmp_path / "six", range(6)), "grid")
    assert section is not None
    (table,) = section.blocks
    assert "95 % interval" in table.cells  # type: ignore[union-attr]
    assert table.cells["settings"] == ["learning rate 0.2", "learning rate 0.1"]  # type: ignore[union-attr]
    assert table.caption == (  # type: ignore[union-attr]
        "All configurations by test accuracy over 2 data sets and 6 seeds each."
    )
    few = data_sets(two_sets(tmp_path / "two", (0, 1)), "grid")
    assert few is not None and "95 % interval" not in few.blocks[0].cells  # type: ignore[union-attr]


def test_one_seed_and_gaps_have_no_lines(tmp_path: Path) -> None:
    assert data_sets(two_sets(tmp_path / "one", (0,)), "grid") is None
    gap = two_sets(tmp_path / "gap", (0, 1), without=1)
    assert list(over_datasets(gap)["config_id"]) == ["mnist0.2"], "the other rate lacks a run"
    section = data_sets(gap, "grid")
    assert section is not None
    (table,) = section.blocks
    assert table.caption.startswith("The best configuration by")  # type: ignore[union-attr]
    assert table.notes[-1] == (  # type: ignore[union-attr]
        "Without a result of its own at every data set and seed, not shown: 1 other configuration."
    )


def test_errors_of_unlike_scale_are_not_joined(tmp_path: Path) -> None:
    configs = [{"dataset": name, "lr": lr} for name in ("small", "big") for lr in (0.1, 0.2)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="val_rmse", mode="min")
    for config in configs:
        for seed in (0, 1):
            error = (1.0 if config["dataset"] == "small" else 1000.0) + float(config["lr"]) + seed
            report(ledger, config, [{"val_rmse": error}], seed=seed)
    assert data_sets(load_study(tmp_path / "own"), "own") is None
