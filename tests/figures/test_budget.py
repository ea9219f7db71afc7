from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures.budget import budget_chart, budget_data
from analysis.figures.rows import rows_of
from tests.analysed_studies import grid_study
from tests.drawn_charts import problems, texts
from tests.random_search import random_search


def test_the_best_of_one_is_the_mean_and_more_are_better(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search", count=12), "search")
    assert rows is not None
    data = budget_data(rows)
    values = [float(value) for value in rows.objective.values]
    assert list(data["trials"]) == list(range(1, 13))
    assert data["best"].iloc[0] == pytest.approx(sum(values) / 12)
    assert data["best"].is_monotonic_decreasing, "a lower error is better"
    assert (data["low"] >= min(values)).all() and (data["high"] <= max(values)).all()
    chart = budget_chart(rows, data, "search-budget")
    assert problems(chart) == []
    assert "expected best validation rmse (mm)" in texts(chart)


def test_a_few_configurations_have_none(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None and budget_data(rows).empty
