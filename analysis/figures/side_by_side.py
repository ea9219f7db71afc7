"""A figure of the same rows in two studies: one against the other, with the line of equality."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.theme import MUTED, PAGE, cut, series
from analysis.frames.measures import Measure

_SIDE, _MARGIN = 400, 0.04


def draw_side_by_side(data: pd.DataFrame, measure: Measure, labels: tuple[str, str]) -> Chart:
    """Draw the values of two studies against each other, a point per row.

    Args:
        data: ``a`` and ``b``, the values of the first and of the second study, and ``series``, the
            group that decides a point's colour and marker; all empty for one group.
        measure: how the values are printed.
        labels: the names of the studies.
    """
    percent = 100.0 if measure.in_percent else 1.0
    names = list(dict.fromkeys(map(str, data["series"])))
    columns: dict[str, list[Any]] = {
        "a": values_of(percent * data["a"].astype(float)),
        "b": values_of(percent * data["b"].astype(float)),
        "group": [cut(str(value)) or "row" for value in data["series"]],
    }
    ends = [value for side in ("a", "b") for value in columns[side] if value is not None]
    margin = _MARGIN * (max(ends) - min(ends) or abs(max(ends)) or 1.0)
    low, high = min(ends) - margin, max(ends) + margin
    unit = f"{measure.words} (%)" if measure.in_percent else measure.axis
    titles = [cut(f"{unit}, {name}", 60) for name in labels]
    x, y = (
        {
            "field": side,
            "type": "quantitative",
            "title": title,
            "scale": {"domain": [low, high], "nice": False},
        }
        for side, title in zip("ab", titles, strict=True)
    )
    drawn = series("group", [cut(name) or "row" for name in names])
    told: list[Spec] = [
        *([{"field": "group"}] if names != [""] else []),
        {"field": "a", "type": "quantitative", "title": titles[0], "format": ".4~r"},
        {"field": "b", "type": "quantitative", "title": titles[1], "format": ".4~r"},
    ]
    line: Spec = {
        "data": {"name": "equal"},
        "mark": {"type": "line", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1},
        "encoding": {"x": x, "y": {**y, "field": "a"}},
    }
    points: Spec = {
        "mark": {"type": "point", "filled": True, "size": 46, "stroke": PAGE, "strokeWidth": 0.6},
        "encoding": {"x": x, "y": y, "color": drawn, "shape": drawn, "tooltip": told},
    }
    spec: Spec = {
        "width": _SIDE,
        "height": _SIDE,
        "data": {"name": "pairs"},
        "layer": [line, points],
        "usermeta": {"fixed": True},
    }
    return Chart(spec, (Data("pairs", columns), Data("equal", {"a": [low, high]})))
