from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures.parallel import MOST_LINES, parallel_chart, parallel_data
from analysis.figures.rows import rows_of
from analysis.render.drawings import to_png, to_svg
from tests.analysed_studies import grid_study
from tests.drawn_charts import texts
from tests.random_search import random_search


def test_every_value_and_line_has_its_place(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None
    data = parallel_data(rows)
    assert data is not None
    assert data.axes == ("model", "learning rate", "validation\naccuracy (%)")
    at = dict(zip(zip(data.values["axis"], data.values["value"], strict=True),
                  data.values["at"], strict=True))  # fmt: skip
    assert at["model", "ResNet-18"] == 0 and at["model", "ResNet-50"] == 1
    assert data.lines["id"][:4] == list(rows.frame["config_id"])
    shown = texts(parallel_chart(rows, data, "grid-parallel"))
    assert {"ResNet-18", "ResNet-50", "0.1", "0.2"} <= set(shown)
    one = rows_of(grid_study(tmp_path / "one", {("resnet18", 0.1): 0.9}), "grid")
    assert one is not None and parallel_data(one) is None


def test_the_best_lines_end_at_the_top_also_if_lower_is_better(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search"), "search")
    assert rows is not None
    data = parallel_data(rows)
    assert data is not None
    ends = {
        name: at
        for name, axis, at in zip(*data.lines.values(), strict=True)
        if axis == data.axes[-1]
    }
    best = min(zip(rows.objective.values, rows.frame["config_id"], strict=True))[1]
    assert ends[best] == max(ends.values()) == pytest.approx(1.0)


def test_of_very_many_lines_the_best_and_a_sample_are_drawn(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search", count=MOST_LINES + 60), "search")
    assert rows is not None
    data = parallel_data(rows)
    assert data is not None and data.num_drawn == MOST_LINES
    values = sorted(zip(rows.objective.values, rows.frame["config_id"], strict=True))
    assert {name for _, name in values[: MOST_LINES // 4]} <= set(data.lines["id"])


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None
    data = parallel_data(rows)
    assert data is not None
    one, two = (to_svg(parallel_chart(rows, data, "p")) for _ in range(2))
    assert one == two and to_png(one) == to_png(two)
