"""Results against each factor, and at each pair of levels of two factors."""

from __future__ import annotations

from typing import Any

from analysis.figures.chart import LINKS, Chart, Patch, Spec
from analysis.figures.effects import interacting, mean_of_cells, mean_patch
from analysis.figures.fields import Field, ramp
from analysis.figures.panels import colour_choice, field_choice, on_layers, panel_choice, panelled
from analysis.figures.rows import Rows
from analysis.figures.scatter import axis, point_layers
from analysis.figures.theme import PAGE, cut, on_colour
from analysis.frames.labels import mean_of

MOST_SLICES = 12
MOST_POINTS = 500
"""Of more configurations a sample is drawn in each panel."""
_WIDTH, _HEIGHT = 190, 150


def slices_chart(rows: Rows, measure: Field, colour: Field | None) -> Chart:
    """Return a panel per factor with a measure of every configuration against it."""
    factors = rows.factors[:MOST_SLICES]
    panels = []
    for factor in factors:
        encoding: Spec = {**axis("x", factor), "y": _untitled(measure), "tooltip": rows.tooltip}
        encoding |= colour.marked() if colour else {}
        layers = point_layers(encoding, len(rows.frame), size=28, most=MOST_POINTS)
        panels.append({"width": _WIDTH, "height": _HEIGHT, "layer": layers})
    spec: Spec = {
        "title": {"text": cut(measure.title, 60), "fontWeight": "normal"},
        "params": list(LINKS),
        "data": {"name": rows.data.name},
        "concat": panels,
        "columns": 3,
        "spacing": 22,
        # A panel of few levels has more room to spread the points of each.
        "resolve": {"scale": {"xOffset": "independent"}},
        "usermeta": {"panels": len(panels)},
    }
    places = range(len(panels))

    def patch(field: Field) -> Patch:
        changed: dict[str, Any] = {"/title/text": cut(field.title, 60)}
        for place in places:
            for layer in (0, 1):
                changed[f"/concat/{place}/layer/{layer}/encoding/y"] = _untitled(field)
        return changed

    paths = [f"/concat/{place}/layer/0/encoding/color" for place in places]
    choices = (
        field_choice("y axis", rows.measures, measure, patch),
        colour_choice((*rows.factors, *rows.measures), colour, paths, "shape"),
    )
    return Chart(spec, (rows.data,), choices, rows.data.name)


def _untitled(field: Field) -> Spec:
    return field.position() | {"title": None}


def heat_chart(rows: Rows, measure: Field, x: Field, y: Field, panel: Field | None = None) -> Chart:
    """Return the mean of a measure at every pair of levels of two factors.

    Continuous factors are cut into parts.
    """
    fields = interacting(rows)
    spec = panelled(
        panel,
        {"layer": _heat_layers(measure, x, y)},
        height=200,
        data={"name": rows.data.name},
        then=mean_of_cells(measure, x, y),
    )

    def measured(field: Field) -> Patch:
        return mean_patch(field) | {
            "/spec/layer/0/encoding/color": _shade(field),
            "/spec/layer/1/encoding/text/format": _short(field),
        }

    choices = (
        field_choice("measure", rows.measures, measure, measured),
        field_choice("x axis", fields, x, lambda f: _level_patch(f, "x", "across", 2)),
        field_choice("y axis", fields, y, lambda f: _level_patch(f, "y", "by", 3)),
        panel_choice(rows.factors, panel, 0),
    )
    return Chart(spec, (rows.data,), choices)


def _heat_layers(measure: Field, x: Field, y: Field) -> list[Spec]:
    """Return the shaded cells, and the mean in each."""
    told: list[Spec] = [
        {"field": "across", "title": "level across"},
        {"field": "by", "title": "level up"},
        {"field": "mean", "type": "quantitative", "format": ".4~r"},
        {"field": "count", "type": "quantitative", "title": "configurations"},
    ]
    at: Spec = {"x": _level(x, "across", "x"), "y": _level(y, "by", "y")}
    text: Spec = {"field": "mean", "type": "quantitative", "format": _short(measure)}
    return [
        {
            "mark": {"type": "rect", "stroke": PAGE, "strokeWidth": 2},
            "encoding": at | {"color": _shade(measure), "tooltip": told},
        },
        {
            "mark": {"type": "text", "fontSize": 11},
            "encoding": at | {"text": text, "color": on_colour("mean")},
        },
    ]


def _short(measure: Field) -> str:
    return ".1f" if measure.format.endswith("f") else ".3r"


def _level(field: Field, column: str, channel: str) -> Spec:
    # Larger levels stand above smaller ones.
    upwards: Spec = {"scale": {"reverse": True}} if channel == "y" else {}
    named: Spec = {"field": column, "title": cut(field.title, 60)}
    return {**field.grouping.position(), **named, **upwards}


def _shade(measure: Field) -> Spec:
    title = mean_of(cut(measure.title, 50))
    named: Spec = {"field": "mean", "type": "quantitative", "title": title}
    return named | {"scale": ramp(measure.better), "legend": measure.legend()}


def _level_patch(field: Field, channel: str, column: str, place: int) -> Patch:
    at = on_layers(channel, _level(field, column, channel), range(2))
    return at | {f"/transform/{place}/calculate": f"datum.{field.grouping.key}"}
