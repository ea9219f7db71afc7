from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.figures.chart import Chart, Data, values_of


def test_a_complete_chart_has_its_data() -> None:
    chart = Chart({"x": 1}, (Data("d", {"id": ["one"]}),))
    assert chart.complete()["datasets"] == {"d": [{"id": "one"}]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (math.nan, None),
        (-math.inf, None),
        (None, None),
        (np.float64(3.0), 3),
        (np.int64(7), 7),
        (1 / 3, 0.3333333),
        ("mnist", "mnist"),
        (1e300, 1e300),
    ],
)
def test_values_are_what_json_can_hold(value: object, kept: object) -> None:
    assert values_of([value]) == [kept]
