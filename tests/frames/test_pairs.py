from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.effects import main_effects_data
from analysis.frames.load import load_study
from analysis.frames.pairs import levels_data, pairs_data, sets
from tests.analysed_studies import ACCURACIES, grid_study
from tests.studies import (
    line,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)


def test_main_effects_are_means_over_complete_sets(tmp_path: Path) -> None:
    effects = main_effects_data(grid_study(tmp_path / "grid"))
    found = {
        (r["factor"], r["level"]): (
            *(r["num_trainings"], r["mean_test_accuracy"], r["mean_train_seconds"]),
        )
        for r in effects.to_dict("records")
    }
    assert found == {
        ("model", "resnet18"): (2, pytest.approx(0.85), 10.0),
        ("model", "resnet50"): (2, pytest.approx(0.60), 30.0),
        ("lr", 0.1): (2, pytest.approx(0.80), 20.0),
        ("lr", 0.2): (2, pytest.approx(0.65), 20.0),
    }


def test_a_set_without_all_of_its_levels_is_left_out(tmp_path: Path) -> None:
    known = {key: value for key, value in ACCURACIES.items() if key != ("resnet50", 0.2)}
    study = grid_study(tmp_path / "grid", known)
    rows, levels = sets(study, "model")
    assert levels == ["resnet18", "resnet50"]
    assert sorted(rows["config_id"]) == ["resnet18-0.1", "resnet50-0.1"]
    assert set(main_effects_data(study)["num_trainings"]) == {1}
    alone = grid_study(tmp_path / "one", {("resnet18", 0.1): 0.9})
    assert main_effects_data(alone).empty and levels_data(alone, "model").empty


def test_pairs_differ_in_one_factor_alone(tmp_path: Path) -> None:
    pairs = pairs_data(grid_study(tmp_path / "grid"), "model", "resnet18", "resnet50")
    assert list(pairs["difference"]) == pytest.approx([0.2, 0.3])
    assert list(pairs["time_ratio"]) == pytest.approx([1 / 3, 1 / 3])
    back = pairs_data(grid_study(tmp_path / "back"), "model", "resnet50", "resnet18")
    assert list(back["difference"]) == pytest.approx([-0.2, -0.3])


def test_levels_are_compared_with_the_first(tmp_path: Path) -> None:
    frame = levels_data(grid_study(tmp_path / "grid"), "lr").set_index(["model", "level"])
    assert frame.loc[("resnet18", 0.2), "difference"] == pytest.approx(-0.1)
    assert frame.loc[("resnet50", 0.2), "difference"] == pytest.approx(-0.2)
    assert frame.loc[("resnet50", 0.2), "time_ratio"] == 1.0
    assert pd.isna(frame.loc[("resnet18", 0.1), "difference"])


def test_rows_that_repeat_a_result_are_no_comparison(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    assert pairs_data(study, "pin_memory", True, False).empty
    assert levels_data(study, "pin_memory").empty
    assert set(main_effects_data(study)["factor"]) == {"epochs"}


def test_seeds_are_paired_with_themselves(tmp_path: Path) -> None:
    path = tmp_path / "grid"
    configurations = {model: resnet_config(model=model) for model in ("resnet18", "resnet50")}
    write_study(path, study_json(configurations, seeds=(0, 1)))
    accuracies = {("resnet18", 0): 0.9, ("resnet18", 1): 0.7, ("resnet50", 0): 0.8}
    for (model, seed), accuracy in (accuracies | {("resnet50", 1): 0.75}).items():
        result = line(2, milestone=True, test_accuracy=accuracy)
        name, config = f"k{model}{seed}", configurations[model]
        write_trial(path, name, config, {2: [model]}, [result], seed=seed)
    pairs = pairs_data(load_study(path), "model", "resnet18", "resnet50")
    assert dict(zip(pairs["seed"], pairs["difference"], strict=True)) == {
        0: pytest.approx(0.1),
        1: pytest.approx(-0.05),
    }


def test_a_level_has_the_mean_difference_and_the_median_ratio_of_its_sets(tmp_path: Path) -> None:
    configs = {
        f"{lr}-{b}": resnet_config(lr=lr, batch_size=b) for lr in (1, 2) for b in (8, 16, 32)
    }
    path = write_study(tmp_path / "grid", study_json(configs))
    gains = {8: (0.1, 1.0), 16: (0.1, 2.0), 32: (0.4, 9.0)}
    for name, config in configs.items():
        gain, ratio = gains[config["batch_size"]]
        up = config["lr"] == 2
        result = {"test_accuracy": 0.5 + gain * up, "train_seconds": 10.0 * (ratio if up else 1.0)}
        write_trial(path, f"k{name}", config, {2: [name]}, [line(2, milestone=True, **result)])
    first, second = levels_data(load_study(path), "lr").to_dict("records")
    assert pd.isna(first["difference"]) and first["num_sets"] == 3
    assert second["difference"] == pytest.approx(0.2)
    assert (second["smallest"], second["largest"]) == pytest.approx((0.1, 0.4))
    assert second["time_ratio"] == 2.0
