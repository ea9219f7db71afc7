from __future__ import annotations

from pathlib import Path

from analysis.figures.fields import counting_axis
from analysis.figures.rows import by_spread, rows_of, shown_measure
from tests.analysed_studies import grid_study
from tests.random_search import random_search, rmse


def test_a_continuous_factor_has_an_axis_of_numbers_and_parts(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search"), "search")
    assert rows is not None
    lr, width, kernel = rows.factors
    assert lr.log and not width.log and not lr.is_discrete
    assert lr.position()["scale"]["type"] == "log"
    assert set(kernel.order) == {"rbf", "poly"}
    parts = lr.grouping
    assert len(parts.order) == 4 and parts.key != lr.key
    counts = [parts.values.count(name) for name in parts.order]
    assert counts == [10, 10, 10, 10], "quartiles of 40 values"
    assert kernel.grouping is kernel


def test_measures_have_the_studys_unit_direction_and_scale(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search")
    rows = rows_of(study, "search")
    assert rows is not None
    assert rows.objective.title == "validation rmse (mm)" and rows.objective.better == "min"
    config = study.meta["configurations"][0]["config"]
    assert abs(rows.objective.values[0] - rmse(config)) < 1e-4
    assert shown_measure(study, rows).title == "test rmse (mm)"
    accuracies = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert accuracies is not None
    test = accuracies.measure("test_accuracy")
    assert test is not None and test.title == "test accuracy (%)" and test.better == "max"
    assert test.values == (90, 80, 70, 50)


def test_the_factor_that_explains_most_comes_first(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search"), "search")
    assert rows is not None
    assert by_spread(rows, rows.objective)[0].title == "learning rate"
    grid = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert grid is not None and grid.measure("test_accuracy") is not None
    leading = by_spread(grid, grid.measure("test_accuracy") or grid.objective)
    # Models differ by 25 points on average, learning rates by 15.
    assert [f.title for f in leading] == ["model", "learning rate"]


def test_several_seeds_are_one_row_at_their_mean(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=12, seeds=(0, 1))
    rows = rows_of(study, "search")
    assert rows is not None and len(rows.frame) == 12
    config = study.meta["configurations"][3]["config"]
    assert abs(rows.objective.values[3] - (rmse(config) + 0.005)) < 1e-4


def test_without_the_objective_there_are_no_rows(tmp_path: Path) -> None:
    assert rows_of(grid_study(tmp_path / "none", {}), "grid") is None


def test_few_whole_numbers_have_a_tick_each() -> None:
    assert counting_axis([2, 1, 2])["values"] == [1, 2]
    assert "values" not in counting_axis(range(1, 10))
