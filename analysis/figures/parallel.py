"""Configurations as parallel coordinates: an axis per varied factor, one line per configuration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.figures.chart import IS_CHOSEN, LINKS, Chart, Data, Spec, values_of
from analysis.figures.fields import Field
from analysis.figures.panels import colour_choice
from analysis.figures.rows import Rows
from analysis.figures.theme import DIMMED, INK, MUTED, PAGE, WIDTH, cut, distinct, groups
from analysis.frames.labels import format_value

MOST_LINES = 400
"""Of more configurations the best ones are drawn, and an even sample of the others."""
MOST_AXES = 12
_FAN = 0.2
"""The share of an axis over which the lines through one value are spread."""
_HEIGHT = 300
_LONG_NAME = 14
_LEAST = 84
"""Axes are at least so many pixels apart."""


@dataclass(frozen=True)
class Parallel:
    """The data of the figure.

    Attributes:
        axes: names of the axes, the last one is that of the objective.
        lines: ``id``, ``axis``, ``at`` (height from 0 to 1), a line per configuration and axis.
        values: ``axis``, ``at`` and ``value``, what is printed beside the axes.
        num_drawn: the number of configurations drawn.
    """

    axes: tuple[str, ...]
    lines: dict[str, list[Any]]
    values: dict[str, list[Any]]
    num_drawn: int


def parallel_data(rows: Rows) -> Parallel | None:
    """Return the data of the figure; None with fewer than two factors or configurations."""
    factors = rows.factors[:MOST_AXES]
    if len(factors) < 2 or len(rows.frame) < 2:
        return None
    objective = rows.objective
    ends, marks = _heights(objective)
    if objective.better == "min":  # the best configurations end at the top
        ends, marks = 1 - ends, [(1 - at, text) for at, text in marks]
    drawn = _drawn(ends)
    names = distinct(_two_lines(cut(field.title, 30)) for field in (*factors, objective))
    lines: dict[str, list[Any]] = {"id": [], "axis": [], "at": []}
    values: dict[str, list[Any]] = {"axis": [], "at": [], "value": []}
    ids = rows.data.columns["id"]
    for name, field in zip(names, (*factors, objective), strict=True):
        heights, texts = (ends, marks) if field is objective else _heights(field)
        spread = 0.0 if field is objective or not field.is_discrete else _FAN
        at = heights + spread * (ends - 0.5)
        lines["id"] += [ids[i] for i in drawn]
        lines["axis"] += [name] * len(drawn)
        lines["at"] += values_of(round(float(a), 4) for a in at[drawn])
        values["axis"] += [name] * len(texts)
        values["at"] += values_of(place for place, _ in texts)
        values["value"] += [text for _, text in texts]
    return Parallel(tuple(names), lines, values, len(drawn))


def _two_lines(name: str) -> str:
    if len(name) <= _LONG_NAME or " " not in name:
        return name
    spaces = [place for place, letter in enumerate(name) if letter == " "]
    middle = min(spaces, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}\n{name[middle + 1 :]}"


def _heights(field: Field) -> tuple[NDArray[np.float64], list[tuple[float, str]]]:
    """Return the height of each configuration on the axis, and the values that are printed."""
    if field.is_discrete:
        last = len(field.order) - 1
        places = {value: (i / last if last else 0.5) for i, value in enumerate(field.order)}
        heights = np.array([places[value] for value in field.values])
        return heights, [(at, cut(value, 18)) for value, at in places.items()]
    numbers = np.array([math.nan if v is None else float(v) for v in field.values])
    scaled = np.log(numbers) if field.log else numbers
    low, high = np.nanmin(scaled), np.nanmax(scaled)
    span = high - low or 1.0
    marks = [low + share * span for share in (0.0, 0.25, 0.5, 0.75, 1.0)] if high > low else [low]
    texts = [format_value(float(f"{np.exp(m) if field.log else m:.3g}")) for m in marks]
    return (scaled - low) / span, [
        ((mark - low) / span, text) for mark, text in zip(marks, texts, strict=True)
    ]


def _drawn(ends: NDArray[np.float64]) -> list[int]:
    """Return which configurations are drawn: all, or the best quarter of the lines and a sample."""
    if len(ends) <= MOST_LINES:
        return list(range(len(ends)))
    order = [int(i) for i in np.argsort(-ends, kind="stable")]
    best, others = order[: MOST_LINES // 4], order[MOST_LINES // 4 :]
    at = np.linspace(0, len(others) - 1, MOST_LINES - len(best)).round().astype(int)
    return sorted({*best, *(others[i] for i in at)})


def parallel_chart(rows: Rows, data: Parallel, name: str) -> Chart:
    """Return the lines, coloured by the objective or by what the reader chooses."""
    lines, values = Data(f"{name}-lines", data.lines), Data(f"{name}-values", data.values)
    at = _places(data.axes)
    spec: Spec = {
        "width": WIDTH - 30,
        "height": _HEIGHT,
        "params": list(LINKS),
        "data": {"name": lines.name},
        "layer": [*_lines(rows, at, thin=data.num_drawn > 100), *_axes(values.name, at)],
        # A frame over several axes selects the lines that are inside of it at each of them.
        "usermeta": {"every": "axis", "least": _LEAST * len(data.axes)},
    }
    fields = (*rows.measures, *rows.factors)
    choice = colour_choice(fields, rows.objective, ["/layer/0/encoding/color"])
    return Chart(spec, (rows.data, lines, values), (choice,), rows.data.name, "/layer/0")


def _places(axes: Sequence[str]) -> Spec:
    """Return the channels of the axes side by side, and of the height on each of them."""
    axis: Spec = {"orient": "top", "domain": False, "ticks": False, "labelAngle": 0}
    axis |= {"labelExpr": "split(datum.label, '\\n')", "labelPadding": 10}
    axis |= {"labelLimit": (WIDTH - 60) // len(axes)}
    scale: Spec = {"type": "point", "padding": 0.35}
    x = groups("axis", axes) | {"axis": axis, "scale": scale}
    height: Spec = {"domain": [-0.14, 1.14], "nice": False}
    y: Spec = {"field": "at", "type": "quantitative", "axis": None, "scale": height}
    return {"x": x, "y": y}


def _lines(rows: Rows, at: Spec, *, thin: bool) -> list[Spec]:
    """Return a line per configuration, and once more the one that is pointed at."""
    drawn: Spec = at | {"detail": {"field": "id"}}
    shown = {"condition": {"test": IS_CHOSEN, "value": 1}}
    told: Spec = {
        "color": rows.objective.colour(),
        "strokeOpacity": shown | {"value": 0.6 * DIMMED},
        "tooltip": rows.tooltip,
    }
    return [
        {
            "transform": [rows.found("jitter")],
            "mark": {"type": "line", "strokeWidth": 0.7 if thin else 1.2},
            "encoding": drawn | told,
        },
        {
            "transform": [{"filter": "datum.id === hot"}],
            "mark": {"type": "line", "strokeWidth": 3.5, "color": INK},
            "encoding": drawn,
        },
    ]


def _axes(name: str, at: Spec) -> list[Spec]:
    """Return a rule per axis with its values, which a halo keeps readable above the lines."""
    text: Spec = {"type": "text", "align": "left", "dx": 5, "fontSize": 11}
    halo: Spec = {"opacity": 0.85, "stroke": PAGE, "strokeWidth": 3.5, "color": PAGE}
    rule: Spec = {"type": "line", "color": MUTED, "strokeWidth": 1}
    texts: Spec = {"data": {"name": name}, "encoding": at | {"text": {"field": "value"}}}
    return [
        {
            "data": {"name": name},
            "mark": rule,
            "encoding": at | {"detail": {"field": "axis"}},
        },
        texts | {"mark": text | halo},
        texts | {"mark": text},
    ]
