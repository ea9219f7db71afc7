from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.frames.load import Study, load_study
from analysis.frames.variance import variance_data
from analysis.sections.factors import variance_table
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial

RATES = (0.1, 0.2, 0.3)
SIZES = (16, 32)


def grid(path: Path, seeds: Sequence[int], *, missing: int = 0) -> Study:
    """Return a grid of three rates and two sizes; only the rate matters, by ten points a step."""
    configurations = {
        f"c{lr}{size}": resnet_config(lr=lr, batch_size=size) for lr in RATES for size in SIZES
    }
    study = write_study(path / "grid", study_json(configurations, seeds=seeds))
    trials = [(name, seed) for name in configurations for seed in seeds]
    for number, (name, seed) in enumerate(trials[missing:]):
        config = configurations[name]
        wobble = (7 * number % 5) / 1000
        accuracy = 0.4 + float(config["lr"]) + wobble
        lines = [line(1), line(2, milestone=True, test_accuracy=accuracy)]
        write_trial(study, f"{name}-{seed}", config, {2: [name]}, lines, seed=seed)
    return load_study(study)


def test_a_factor_of_three_levels_is_tested_over_seeds(tmp_path: Path) -> None:
    study = grid(tmp_path, range(6))
    frame = variance_data(study).set_index("term")
    assert list(frame.index) == ["batch_size", "lr", "batch_size × lr"]
    assert frame["eta_squared"]["lr"] > 0.99 and frame["p_value"]["lr"] < 0.001
    assert frame["p_value"]["batch_size"] > 0.01
    table = variance_table(study, "v")
    assert table is not None and table.cells["p"][1] == "< 0.001"
    assert table.cells["factor or pair"][2] == "batch size × learning rate"


def test_one_seed_has_shares_and_no_p(tmp_path: Path) -> None:
    table = variance_table(grid(tmp_path, (0,)), "v")
    assert table is not None and "p" not in table.cells
    assert float(table.cells["share of variance (%)"][1]) > 99


@pytest.mark.parametrize("seeds", [(0,), range(6)])
def test_a_grid_with_a_gap_is_not_split(tmp_path: Path, seeds: Sequence[int]) -> None:
    assert variance_table(grid(tmp_path, seeds, missing=1), "v") is None


@pytest.mark.parametrize("num_seeds", [1, 4])
def test_seeds_that_a_function_does_not_use_are_one(tmp_path: Path, num_seeds: int) -> None:
    configs = [{"depth": depth, "lr": lr} for depth in (1, 2, 3) for lr in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, seeds=range(num_seeds), metric="score")
    for config in configs:
        for seed in range(num_seeds):
            report(ledger, config, [{"score": float(config["depth"] ** config["lr"])}], seed=seed)
    found = variance_data(load_study(tmp_path / "own"))
    assert list(found["term"]) == ["depth", "lr", "depth × lr"]
    assert found["p_value"].isna().all() and set(found["num_results"]) == {6}
