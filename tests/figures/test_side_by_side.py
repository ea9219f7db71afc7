from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.figures.side_by_side import draw_side_by_side
from analysis.frames.measures import Measure
from analysis.render.drawings import to_svg
from tests.drawn_charts import texts

MM = Measure("rmse", "val", "min", "mm")


def test_both_axes_have_the_same_ends_and_the_names_of_the_studies() -> None:
    data = pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 5.0], "series": ["small", "large"]})
    chart = draw_side_by_side(data, MM, ("A old", "B new"), "width of the net")
    pairs, equal = chart.data
    low, high = equal.columns["a"]
    assert low < 1 and high > 5
    encoding = chart.spec["layer"][1]["encoding"]
    assert all(encoding[axis]["scale"]["domain"] == [low, high] for axis in "xy")
    assert {"rmse (mm), A old", "rmse (mm), B new", "small", "large", "width of the net"} <= set(
        texts(chart)
    )
    assert list(zip(pairs.columns["a"], pairs.columns["b"], strict=True)) == [(1, 2), (3, 5)]


@pytest.mark.parametrize("value", [0.0, -1.0, 1e99, 5.0])
def test_equal_values_are_drawn(value: float) -> None:
    data = pd.DataFrame({"a": [value], "b": [value]})
    figure = draw_side_by_side(data, MM, ("A", "B"))
    low, high = figure.data[1].columns["a"]
    assert low < value < high and math.isfinite(high)
    assert "<svg" in to_svg(figure)
