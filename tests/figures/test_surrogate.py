from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.figures.importance import importance_chart, surface_chart
from analysis.figures.rows import rows_of
from analysis.figures.surrogate import (
    _middle,
    continuous_pairs,
    importances,
    matrix_of,
    surfaces,
)
from tests.analysed_studies import grid_study
from tests.drawn_charts import texts
from tests.random_search import random_search


def test_the_factor_that_makes_the_result_is_the_most_important(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search", count=60), "search")
    assert rows is not None
    found = importances(rows, rows.objective)
    assert found is not None
    assert found.frame["factor"].iloc[0] == "learning rate"
    first, last = found.frame.iloc[0], found.frame.iloc[-1]
    assert first["low"] > last["high"], "the kernel is a name without an effect"
    assert (found.frame["low"] <= found.frame["mean"]).all()
    assert found.explained > 0.8
    again = importances(rows, rows.objective)
    assert again is not None and again.frame.equals(found.frame), "the seeds are fixed"
    assert "learning rate" in texts(importance_chart(found, "i"))


def test_a_few_rows_have_no_importances(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None and importances(rows, rows.objective) is None
    assert surfaces(rows, rows.objective).empty


def test_levels_are_numbered_in_their_order(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None
    assert matrix_of(rows.factors).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_the_surface_is_lowest_where_the_error_is(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search", count=60), "search")
    assert rows is not None
    [(x, y)] = continuous_pairs(rows)
    assert (x.title, y.title) == ("learning rate", "width")
    surface = surfaces(rows, rows.objective)
    assert len(surface) == 24 * 24
    best = surface.loc[surface["mean"].idxmin()]
    assert 1e-3 < best["x"] < 1e-1, "the error is lowest at 0.01"
    assert surface["x"].min() == pytest.approx(min(float(v) for v in x.values), rel=1e-6)
    assert "learning rate" in texts(surface_chart(rows, rows.objective, surface, "s"))


def test_the_middle_of_a_cell_is_that_of_its_scale(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search", count=30), "search")
    assert rows is not None
    [(rate, width)] = continuous_pairs(rows)
    assert rate.log and not width.log
    edges = np.array([1.0, 4.0, 16.0])
    assert [_middle(rate, edges, place) for place in (0, 1)] == [2.0, 8.0]
    assert [_middle(width, edges, place) for place in (0, 1)] == [2.5, 10.0]
