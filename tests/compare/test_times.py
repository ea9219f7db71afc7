from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.compare.joined import join
from analysis.compare.times import times_data
from analysis.frames.load import load_study
from tests.compared import GRID, base, fitted, trained
from tests.own_studies import RMSE_SPACE, own_study, report
from tests.studies import launch_json, study_json


def ratios(tmp_path: Path, factors: list[float], **changes: Any) -> dict[str, Any]:
    """Return the line of ``cpu_seconds`` of two studies whose rows take so many times as long."""
    names = [f"r{number}" for number in range(len(factors))]
    first = {name: {"cpu_seconds": 8.0} for name in names}
    second = {
        name: {"cpu_seconds": 8.0 * factor, **changes}
        for name, factor in zip(names, factors, strict=True)
    }
    a, b = trained(tmp_path / "a", first), trained(tmp_path / "b", second)
    frame = times_data(join(load_study(a), load_study(b)))
    assert frame.loc[0, "measure"] == "cpu_seconds"
    return {str(key): value for key, value in frame.iloc[0].items()}


def test_the_ratio_is_a_geometric_mean_with_its_interval(tmp_path: Path) -> None:
    found = ratios(tmp_path, [0.25, 0.25, 0.25, 1.0, 1.0, 1.0])
    assert found["ratio"] == pytest.approx(0.5)
    assert (found["low"], found["high"]) == pytest.approx((0.25, 1.0))
    assert (found["smallest"], found["largest"]) == pytest.approx((0.25, 1.0))
    assert (found["num_pairs"], found["num_left_out"], found["problem"]) == (6, 0, "")


def test_few_pairs_have_no_interval(tmp_path: Path) -> None:
    found = ratios(tmp_path, [0.5, 2.0])
    assert found["ratio"] == pytest.approx(1.0) and math.isnan(found["low"])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"num_concurrent_trials": 4}, "between 1 and 4 trials ran at once"),
        ({"num_threads": 2}, "trials of one device used between 1 and 2 threads"),
        ({"num_concurrent_trials": None}, "2 rows do not record how many trials ran at once"),
    ],
)
def test_other_conditions_are_not_compared(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    found = ratios(tmp_path, [0.5, 0.5], **changes)
    assert found["num_pairs"] == 0 and math.isnan(found["ratio"])
    assert found["problem"] == why


def test_only_the_launches_of_the_rows_say_what_they_were_timed_on(tmp_path: Path) -> None:
    """A study on X and Y is compared with one whose rows all ran on X, which Y only began."""
    launches = [
        launch_json(name, hardware={"cpu": cpu, "gpus": []})
        for name, cpu in (("001", "X"), ("002", "Y"))
    ]
    results = {name: {"cpu_seconds": 8.0} for name in ("r0", "r1")}
    one = trained(tmp_path / "one", results, launches=launches)
    two = trained(tmp_path / "two", results, launches=launches)
    moved = next((two / "tune" / "001").glob("*k-r1*"))
    (two / "tune" / "002").mkdir()
    moved.rename(two / "tune" / "002" / moved.name)
    for pair in ((one, two), (two, one)):
        found = times_data(join(*map(load_study, pair))).iloc[0]
        assert (found["num_pairs"], found["num_left_out"], found["ratio"]) == (1, 1, 1.0)


def test_a_pair_counts_whose_like_at_a_lower_seed_had_other_conditions(tmp_path: Path) -> None:
    """The function does not use its seed, so a second seed is no further evidence."""
    studies = []
    for name, at_once in (("a", (1, 1)), ("b", (2, 1))):
        ledger = own_study(tmp_path / name, GRID, seeds=(0, 1), **RMSE_SPACE)
        for config in GRID:
            for seed, number in enumerate(at_once):
                row = {"val_rmse": config["width"], "num_concurrent_trials": number}
                report(ledger, config, [{**row, "fit_seconds": 2.0 + seed}], seed=seed)
        studies.append(load_study(ledger.root))
    found = times_data(join(*studies)).iloc[0]
    assert (found["num_pairs"], found["num_left_out"], found["ratio"]) == (4, 4, 1.0)


def test_a_time_of_zero_has_no_ratio(tmp_path: Path) -> None:
    assert ratios(tmp_path, [0.0, 0.5])["ratio"] == pytest.approx(0.5)


def test_times_at_other_seeds_are_not_compared(tmp_path: Path) -> None:
    results = {name: {"cpu_seconds": 8.0} for name in ("r0", "r1")}
    studies = [load_study(trained(tmp_path / name, results)) for name in "ab"]
    second = replace(studies[1], rows=studies[1].rows.assign(seed=1))
    assert times_data(join(studies[0], second)).empty


def test_a_study_without_times_has_no_lines(tmp_path: Path) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", lambda c, s: base(c, s) + 1)
    assert times_data(join(load_study(a), load_study(b))).empty


def test_times_on_other_data_are_not_compared(tmp_path: Path) -> None:
    results = {name: {"cpu_seconds": 8.0} for name in ("r0", "r1")}
    other = study_json({})["data"] | {"split_seed": 1}
    a, b = trained(tmp_path / "a", results), trained(tmp_path / "b", results, data=other)
    assert times_data(join(load_study(a), load_study(b))).empty
