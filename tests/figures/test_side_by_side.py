from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.figures.side_by_side import draw_side_by_side
from analysis.figures.style import to_svg
from analysis.frames.measures import Measure

MM = Measure("rmse", unit="mm")


def test_both_axes_have_the_same_ends_and_the_names_of_the_studies() -> None:
    data = pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 5.0], "series": ["small", "large"]})
    [axes] = draw_side_by_side(data, MM, ("A old", "B new")).axes
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlim()[0] < 1 and axes.get_xlim()[1] > 5
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rmse (mm), A old", "rmse (mm), B new")
    points = [tuple(p.get_offsets().tolist()[0]) for p in axes.collections]  # type: ignore[union-attr]
    assert points == [(1.0, 2.0), (3.0, 5.0)]


@pytest.mark.parametrize("value", [0.0, -1.0, 1e99, 5.0])
def test_equal_values_are_drawn(value: float) -> None:
    data = pd.DataFrame({"a": [value], "b": [value], "series": [""]})
    figure = draw_side_by_side(data, MM, ("A", "B"))
    low, high = figure.axes[0].get_xlim()
    assert low < value < high and math.isfinite(high)
    assert "<svg" in to_svg(figure)
