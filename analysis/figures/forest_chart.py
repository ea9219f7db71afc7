"""The forest plot: a difference with its interval for each step of each factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.forest import BETTER, UNDECIDED, WORSE, step_words
from analysis.figures.theme import MUTED, SERIES, WIDTH, cut
from analysis.frames.labels import label
from analysis.frames.measures import Measure

_STEPS = 270
"""Room for the names of the steps, in pixels."""
_LEAST = 540
"""Between the names of the steps and the verdicts a narrower figure has no room for intervals."""
_LOOKS = {
    BETTER: (SERIES[2], "triangle-up"),
    WORSE: (SERIES[1], "triangle-down"),
    UNDECIDED: (MUTED, "circle"),
}
"""What a verdict comes to -> its colour and its shape, which differ in more than colour."""


def draw_forest(lines: pd.DataFrame, measure: Measure) -> Chart:
    """Draw the effects with their intervals, in the order of the lines, from top to bottom."""
    where = lines["dataset"].notna().any()
    percent = 100.0 if measure.in_percent else 1.0
    records = lines.to_dict("records")
    names: list[str] = []
    for line in records:
        name = cut(
            (f"{label('dataset', line['dataset'])}, " if where else "") + step_words(line), 52
        )
        while name in names:
            name += "\u2032"
        names.append(name)
    columns: dict[str, list[Any]] = {
        "step": names,
        **{c: values_of(percent * v for v in lines[c]) for c in ("effect", "low", "high")},
        "n": values_of(lines["n"]),
        "verdict": [str(line["verdict"]) for line in records],
        "look": [_look(str(line["verdict"])) for line in records],
    }
    unit = f" ({measure.difference_unit})" if measure.difference_unit else ""
    title = cut(f"difference in {measure.words}{unit}", 60)
    x: Spec = {"field": "effect", "type": "quantitative", "title": title}
    y: Spec = {"field": "step", "type": "nominal", "sort": names, "title": None}
    y["axis"] = {"labelLimit": _STEPS, "grid": False}
    there = [look for look in _LOOKS if look in columns["look"]]
    colours, shapes = ([_LOOKS[look][place] for look in there] for place in (0, 1))
    look: Spec = {"field": "look", "type": "nominal", "legend": None}
    colour = look | {"scale": {"domain": there, "range": colours}}
    shape = look | {"scale": {"domain": there, "range": shapes}}
    numbers_told: list[Spec] = [
        {"field": c, "type": "quantitative", "format": ".2~r" if measure.in_percent else ".4~r"}
        for c in ("effect", "low", "high")
    ]
    told = [{"field": "step"}, *numbers_told, {"field": "n"}, {"field": "verdict"}]
    spec: Spec = {
        "width": WIDTH - _STEPS - 160,
        "height": {"step": 27},
        "data": {"name": "forest"},
        "layer": [
            {"mark": {"type": "rule", "color": MUTED}, "encoding": {"x": {"datum": 0}}},
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {
                    "x": x | {"field": "low"},
                    "x2": {"field": "high"},
                    "y": y,
                    "color": colour,
                },
            },
            {
                "transform": [{"filter": "isValid(datum.effect)"}],
                "mark": {"type": "point", "filled": True, "size": 110},
                "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": told},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12},
                "encoding": {
                    "x": {"value": "width"},
                    "y": y,
                    "text": {"field": "verdict"},
                    "color": colour,
                },
            },
        ],
        "usermeta": {"least": _LEAST},
    }
    return Chart(spec, (Data("forest", columns),))


def _look(verdict: str) -> str:
    return next((word for word in (BETTER, WORSE) if verdict.startswith(word)), UNDECIDED)
