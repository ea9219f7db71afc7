from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.frames.load import load_study
from analysis.frames.pivot import across_of, pivot_data
from tests.analysed_studies import ACCURACIES, grid_study
from tests.any_studies import forty_factors, odd_names, random_search, single_trial


def test_pivot_has_a_row_per_setting_and_a_column_per_model(tmp_path: Path) -> None:
    known = {key: value for key, value in ACCURACIES.items() if key != ("resnet50", 0.2)}
    study = grid_study(tmp_path / "grid", known)
    assert across_of(study) == "model", "the group for which a best is picked"
    table = pivot_data(study, "mnist", "model")
    assert list(table.columns) == ["lr", "resnet18", "resnet50"]
    assert list(table["resnet18"]) == [0.9, 0.8]
    assert table["resnet50"].iloc[0] == 0.7 and pd.isna(table["resnet50"].iloc[1])


def test_a_grid_of_a_function_has_the_factor_with_the_fewest_levels_across(tmp_path: Path) -> None:
    odd_names(tmp_path / "odd")
    study = load_study(tmp_path / "odd")
    assert across_of(study) == "kernel", "the first of three with two levels"
    assert list(pivot_data(study, None, "kernel").columns) == ["epochs", "source", 3, 5]


def test_a_random_search_is_no_grid(tmp_path: Path) -> None:
    random_search(tmp_path / "random")
    assert across_of(load_study(tmp_path / "random")) is None
    single_trial(tmp_path / "one")
    assert across_of(load_study(tmp_path / "one")) is None
    forty_factors(tmp_path / "forty")
    flags = load_study(tmp_path / "forty")
    assert across_of(flags) == "flag_00", "flags would make columns"
    assert pivot_data(flags, None, "flag_00").empty, "but every line would have one value"
