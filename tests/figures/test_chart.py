from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.figures.chart import Chart, Choice, Data, patched, values_of


def test_a_patch_sets_replaces_and_removes_and_leaves_the_original() -> None:
    spec = {"layer": [{"encoding": {"x": {"field": "a"}, "xOffset": {}}}], "columns": 2}
    found = patched(
        spec,
        {
            "/layer/0/encoding/x": {"field": "b"},
            "/layer/0/encoding/xOffset": None,
            "/layer/0/encoding/color": None,
            "/columns": 3,
        },
    )
    assert found == {"layer": [{"encoding": {"x": {"field": "b"}}}], "columns": 3}
    assert spec["columns"] == 2


def test_options_are_chosen_one_after_the_other() -> None:
    x = Choice("x", {"a": {"/x": 1}, "b": {"/x": 2}}, "a")
    y = Choice("y", {"a": {"/y": 1}, "none": {"/y": None}}, "a")
    chart = Chart({"x": 1, "y": 1}, (Data("d", {"id": ["one"]}),), (x, y))
    assert chart.with_options(x="b", y="none").spec == {"x": 2}
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
