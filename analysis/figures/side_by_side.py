"""A figure of the same rows in two studies: one against the other, with the line of equality."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.theme import MUTED, PAGE, cut, series
from analysis.frames.measures import Measure

_SIDE, _MARGIN = 400, 0.04


def draw_side_by_side(
    data: pd.DataFrame, measure: Measure, labels: tuple[str, str], group: str = ""
) -> Chart:
    """Draw the values of two studies against each other, a point per row.

    Args:
        data: ``a`` and ``b``, the values of the first and of the second study, and, if there are
            groups, ``series``, the group that decides a point's colour and marker.
        measure: how the values are printed.
        labels: the names of the studies.
        group: what the groups are, such as a parameter; empty if there are none.
    """
    percent = 100.0 if measure.in_percent else 1.0
    columns: dict[str, list[Any]] = {
        side: values_of(percent * data[side].astype(float)) for side in ("a", "b")
    }
    ends = [value for values in columns.values() for value in values if value is not None]
    margin = _MARGIN * (max(ends) - min(ends) or abs(max(ends)) or 1.0)
    domain = [min(ends) - margin, max(ends) + margin]
    x, y = (_axis(side, measure, label, domain) for side, label in zip("ab", labels, strict=True))
    told = [{"field": side["field"], "title": side["title"], "format": ".4~r"} for side in (x, y)]
    points: Spec = {
        "mark": {"type": "point", "filled": True, "size": 46, "stroke": PAGE, "strokeWidth": 0.6},
        "encoding": {"x": x, "y": y, "tooltip": [one | {"type": "quantitative"} for one in told]},
    }
    if group:
        columns["group"] = [cut(str(value)) for value in data["series"]]
        drawn = series("group", list(dict.fromkeys(columns["group"])), cut(group))
        points["encoding"] |= {"color": drawn, "shape": drawn}
        points["encoding"]["tooltip"].insert(0, {"field": "group", "title": cut(group)})
    line: Spec = {
        "data": {"name": "equal"},
        "mark": {"type": "line", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1},
        "encoding": {"x": x, "y": {**y, "field": "a"}},
    }
    spec: Spec = {
        "width": _SIDE,
        "height": _SIDE,
        "data": {"name": "pairs"},
        "layer": [line, points],
        "usermeta": {"fixed": True},
    }
    return Chart(spec, (Data("pairs", columns), Data("equal", {"a": domain})))


def _axis(side: str, measure: Measure, label: str, domain: list[float]) -> Spec:
    unit = f"{measure.words} (%)" if measure.in_percent else measure.axis
    scale = {"domain": domain, "nice": False}
    title = cut(f"{unit}, {label}", 60)
    return {"field": side, "type": "quantitative", "title": title, "scale": scale}
