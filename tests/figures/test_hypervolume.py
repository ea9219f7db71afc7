"""How the Pareto front grew, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures.hypervolume import hypervolume_chart, hypervolume_data
from analysis.frames.load import load_study
from analysis.frames.pareto import fronts
from analysis.sections.course_figures import hypervolume
from tests.analysed_studies import grid_study
from tests.drawn_charts import problems, texts
from tests.own_studies import own_study, report

POINTS = [("a", 1.0, 5.0), ("a", 3.0, 3.0), ("a", 2.0, 4.0), ("a", 4.0, 1.0)]


def test_each_data_set_has_a_line_that_never_falls(tmp_path: Path) -> None:
    points = [*POINTS, *(("b", score, cost) for _, score, cost in reversed(POINTS))]
    configs = [{"dataset": name, "depth": n} for n, (name, _, _) in enumerate(points)]
    objectives = {"score": "max", "cost": "min"}
    ledger = own_study(
        tmp_path / "own", configs, objectives=objectives, metric="score", mode="max",
        factors=["depth", "dataset"],
    )  # fmt: skip
    for config, (_, score, cost) in zip(configs, points, strict=True):
        report(ledger, config, [{"score": score, "cost": cost}])
    study = load_study(tmp_path / "own")
    data = hypervolume_data(fronts(study))
    assert list(data["tried"]) == [1, 2, 3, 4] * 2
    # The last point of a is the best in both objectives, so it dominates all of the box, and in b,
    # where it comes first, nothing can be added. In a the second one dominates 2 * 2 of 3 * 4.
    assert list(data["share"]) == pytest.approx([0, 1 / 3, 1 / 3, 1, 1, 1, 1, 1])
    chart = hypervolume_chart(data, "own-hypervolume")
    assert problems(chart) == []
    assert {"hypervolume (share of the box)", "a", "b"} <= set(texts(chart))
    figure = hypervolume(study, "own")
    assert figure is not None and "1.000 after 4; 1.000 after 4" in figure.alt


def test_a_single_objective_has_none(tmp_path: Path) -> None:
    assert hypervolume(grid_study(tmp_path / "grid"), "grid") is None
