"""How the Pareto front of a study grew: its hypervolume after each configuration."""

from __future__ import annotations

import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.fields import counting_axis
from analysis.figures.theme import DASHES, SERIES, WIDTH, series
from analysis.frames.labels import label
from analysis.frames.pareto import Front

_HEIGHT, _MARGIN = 220, 90


def hypervolume_data(fronts: list[Front]) -> pd.DataFrame:
    """Return the hypervolume of each front as it grew.

    Returns:
        ``front`` (the data set, empty without one), ``tried`` (from 1) and ``share`` of the box.
    """
    parts = [
        pd.DataFrame(
            {
                "front": "" if front.dataset is None else label("dataset", front.dataset),
                "tried": range(1, len(front.shares) + 1),
                "share": front.shares,
            }
        )
        for front in fronts
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def hypervolume_chart(data: pd.DataFrame, name: str) -> Chart:
    """Return a line for each data set."""
    names = list(dict.fromkeys(data["front"]))
    x: Spec = {"field": "tried", "type": "quantitative", "title": "configurations tried"}
    x |= {"scale": {"nice": False, "zero": False}, "axis": counting_axis(list(data["tried"]))}
    y: Spec = {"field": "share", "type": "quantitative", "title": "hypervolume (share of the box)"}
    told: list[Spec] = [
        {"field": "tried", "type": "quantitative", "format": "d"},
        {"field": "share", "type": "quantitative", "format": ".3f"},
    ]
    encoding: Spec = {"x": x, "y": y | {"scale": {"domain": [0, 1]}}, "tooltip": told}
    several = len(names) > 1
    dashes: Spec = {}
    if several:
        encoding["color"] = series("front", names, "data set")
        dashes["strokeDash"] = series("front", names, "data set")
        dashes["strokeDash"]["scale"] |= {"range": [list(dash) for dash in DASHES]}
    line: Spec = {"type": "line", "interpolate": "step-after", "strokeWidth": 2}
    line |= {} if several else {"color": SERIES[0]}
    point: Spec = {"type": "point", "filled": True, "size": 50, "opacity": 0}
    spec: Spec = {
        "width": WIDTH - _MARGIN,
        "height": _HEIGHT,
        "data": {"name": name},
        "layer": [
            {"mark": line, "encoding": encoding | dashes},
            {"mark": point, "encoding": encoding},
        ],
    }
    return Chart(spec, (Data(name, {str(c): values_of(data[c]) for c in data}),))
