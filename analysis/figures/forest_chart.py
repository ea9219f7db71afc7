"""The forest plot: a difference with its interval for each step of each factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.forest import BETTER, UNDECIDED, WORSE, step_words
from analysis.figures.theme import MUTED, SERIES, WIDTH, cut, distinct, groups
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
    where = bool(lines["dataset"].notna().any())
    verdicts = [str(verdict) for verdict in lines["verdict"]]
    percent = 100.0 if measure.in_percent else 1.0
    columns: dict[str, list[Any]] = {
        "step": distinct(_name(line, where) for line in lines.to_dict("records")),
        **{c: values_of(percent * v for v in lines[c]) for c in ("effect", "low", "high")},
        "n": values_of(lines["n"]),
        "verdict": verdicts,
        "look": [_look(verdict) for verdict in verdicts],
    }
    unit = f" ({measure.difference_unit})" if measure.difference_unit else ""
    title = cut(f"difference in {measure.words}{unit}", 60)
    x: Spec = {"field": "effect", "type": "quantitative", "title": title}
    y = groups("step", columns["step"]) | {"axis": {"labelLimit": _STEPS, "grid": False}}
    digits = ".2~r" if measure.in_percent else ".4~r"
    numbers: list[Spec] = [
        {"field": c, "type": "quantitative", "format": digits} for c in ("effect", "low", "high")
    ]
    told: list[Spec] = [{"field": "step"}, *numbers, {"field": "n"}, {"field": "verdict"}]
    spec: Spec = {
        "width": WIDTH - _STEPS - 160,
        "height": {"step": 27},
        "data": {"name": "forest"},
        "layer": _layers(x, y, told, [look for look in _LOOKS if look in columns["look"]]),
        "usermeta": {"least": _LEAST},
    }
    return Chart(spec, (Data("forest", columns),))


def _name(line: dict[Any, Any], where: bool) -> str:
    before = f"{label('dataset', line['dataset'])}, " if where else ""
    return cut(f"{before}{step_words(line)}", 52)


def _layers(x: Spec, y: Spec, told: list[Spec], looks: list[str]) -> list[Spec]:
    """Return the line of no difference, the intervals, the effects and the verdicts."""
    colours, shapes = ([_LOOKS[look][place] for look in looks] for place in (0, 1))
    look: Spec = {"field": "look", "type": "nominal", "legend": None}
    colour = look | {"scale": {"domain": looks, "range": colours}}
    shape = look | {"scale": {"domain": looks, "range": shapes}}
    interval = {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y, "color": colour}
    effect = {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": told}
    verdict = {"x": {"value": "width"}, "y": y, "text": {"field": "verdict"}, "color": colour}
    return [
        {"mark": {"type": "rule", "color": MUTED}, "encoding": {"x": {"datum": 0}}},
        {
            "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
            "mark": {"type": "rule", "strokeWidth": 2.5},
            "encoding": interval,
        },
        {
            "transform": [{"filter": "isValid(datum.effect)"}],
            "mark": {"type": "point", "filled": True, "size": 110},
            "encoding": effect,
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12},
            "encoding": verdict,
        },
    ]


def _look(verdict: str) -> str:
    return next((word for word in (BETTER, WORSE) if verdict.startswith(word)), UNDECIDED)
