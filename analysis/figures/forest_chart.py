"""The forest plot: a difference with its interval for each step of each factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Data, Patch, Spec, values_of
from analysis.figures.forest import BETTER, UNDECIDED, WORSE, step_words
from analysis.figures.theme import (
    MUTED,
    SERIES,
    WHOLE,
    WIDTH,
    cut,
    distinct,
    groups,
    label_room,
)
from analysis.frames.labels import label
from analysis.frames.measures import Measure

_VERDICTS = 160
_LEAST = 250
"""With less room between names and verdicts both stand above the interval."""
_LOOKS = {
    BETTER: (SERIES[2], "triangle-up"),
    WORSE: (SERIES[1], "triangle-down"),
    UNDECIDED: (MUTED, "circle"),
}
"""What a verdict comes to -> its colour and its shape, which differ in more than colour."""

_NUMBERS = {"effect": "difference", "low": "95 % interval from", "high": "to"}


def draw_forest(lines: pd.DataFrame, measure: Measure) -> Chart:
    """Draw the effects with their intervals, in the order of the lines, from top to bottom."""
    where = bool(lines["dataset"].notna().any())
    verdicts = [str(verdict) for verdict in lines["verdict"]]
    percent = 100.0 if measure.in_percent else 1.0
    steps = distinct(_name(line, where) for line in lines.to_dict("records"))
    columns: dict[str, list[Any]] = {
        "step": steps,
        **{c: values_of(percent * v for v in lines[c]) for c in ("effect", "low", "high")},
        "n": values_of(lines["n"]),
        "verdict": verdicts,
        "words": [f"{step}\n{verdict}" for step, verdict in zip(steps, verdicts, strict=True)],
        "look": [_look(verdict) for verdict in verdicts],
    }
    unit = f" ({measure.difference_unit})" if measure.difference_unit else ""
    title = cut(f"difference in {measure.words}{unit}", 60)
    x: Spec = {"field": "effect", "type": "quantitative", "title": title}
    room = min(WHOLE, label_room(steps))
    y = groups("step", steps) | {"axis": {"labelLimit": WHOLE, "grid": False}}
    digits = ".2f" if measure.in_percent else ".4~r"
    numbers: list[Spec] = [
        {"field": name, "type": "quantitative", "format": digits, "title": text}
        for name, text in _NUMBERS.items()
    ]
    told: list[Spec] = [
        {"field": "step"},
        *numbers,
        {"field": "n", "title": "pairs" if lines["is_matched"].all() else "pairs or rows"},
        {"field": "verdict"},
    ]
    spec: Spec = {
        "width": WIDTH - room - _VERDICTS,
        "height": {"step": 27},
        "data": {"name": "forest"},
        "layer": _layers(x, y, told, [look for look in _LOOKS if look in columns["look"]]),
        "usermeta": {"narrow": {"below": room + _VERDICTS + _LEAST, "patch": _narrow(y)}},
    }
    return Chart(spec, (Data("forest", columns),))


def _name(line: dict[Any, Any], where: bool) -> str:
    before = f"{label('dataset', line['dataset'])}, " if where and line["dataset"] else ""
    return cut(f"{before}{step_words(line)}", 56)


def _layers(x: Spec, y: Spec, told: list[Spec], looks: list[str]) -> list[Spec]:
    """Return the line of no difference, the intervals, the effects and the verdicts."""
    colours, shapes = ([_LOOKS[look][place] for look in looks] for place in (0, 1))
    look: Spec = {"field": "look", "type": "nominal", "legend": None}
    colour = look | {"scale": {"domain": looks, "range": colours}}
    shape = look | {"scale": {"domain": looks, "range": shapes}}
    interval = {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y, "color": colour}
    effect = {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": told}
    verdict = {"x": {"value": "width"}, "y": y, "text": {"field": "verdict"}}
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


def _narrow(y: Spec) -> Patch:
    """Return what makes a figure of a narrow page: what is beside the intervals goes above them.

    No difference is then a mark on each interval's line, because a long line would cross the words.
    """
    bare = {"labels": False, "ticks": False, "domain": False, "grid": False}
    return {
        "/height/step": 56,
        "/layer/0/mark": {"type": "tick", "color": MUTED, "thickness": 1.5, "size": 18},
        "/layer/0/encoding/y": y | {"axis": bare},
        **{f"/layer/{layer}/encoding/y/axis": bare for layer in (1, 2, 3)},
        "/layer/3/encoding/x/value": 0,
        "/layer/3/encoding/text/field": "words",
        "/layer/3/mark": {"type": "text", "align": "left", "dy": -27, "fontSize": 11}
        | {"lineBreak": "\n", "lineHeight": 14},
    }


def _look(verdict: str) -> str:
    return next((word for word in (BETTER, WORSE) if verdict.startswith(word)), UNDECIDED)
