"""The chart of learning curves: a measure by epoch, one line per trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analysis.figures.chart import IS_CHOSEN, LINKS, Chart, Choice, Patch, Spec
from analysis.figures.curves import Curves
from analysis.figures.fields import Field, counting_axis
from analysis.figures.panels import colour_choice, field_choice, on_layers, panel_choice, panelled
from analysis.figures.theme import DIMMED, INK, SERIES

_HEIGHT = 260


def curves_chart(
    data: Curves, rows: str, colour: Field | None, panel: Field | None, *, measure: Field
) -> Chart:
    """Return one line per trial, coloured by a factor, the picked configurations thicker."""
    columns = [c for c in data.lines.columns if c != "line"]
    found: Spec = {
        "lookup": "line",
        "from": {"data": {"name": data.lines.name}, "key": "line", "fields": columns},
    }
    many = data.num_drawn > 40
    spec = panelled(
        panel,
        {"layer": _layers(data, colour, measure, 0.8 if many else 1.2)},
        height=_HEIGHT,
        params=list(LINKS),
        data={"name": data.points.name},
        transform=[found],
    )
    choices = (
        field_choice("y axis", data.measures, measure, _y_patch),
        _colours(data, colour),
        panel_choice(data.factors, panel, 1),
    )
    return Chart(spec, (data.points, data.lines), choices, rows, "/spec/layer/2")


def _y_patch(measure: Field) -> Patch:
    transforms = {
        f"/spec/layer/{place}/transform": transform
        for place, transform in enumerate(_transforms(measure))
    }
    return on_layers("y", measure.position(), range(4)) | transforms


def _colours(data: Curves, colour: Field | None) -> Choice:
    """Return the choice of the colour of the lines, and of lines that are a point."""
    path = "/spec/layer/0/encoding/color"
    choice = colour_choice(data.factors, colour, [path], "strokeDash")
    options = {
        name: {**patch, "/spec/layer/3/mark/fill": _fill(patch[path])}
        for name, patch in choice.options.items()
    }
    return replace(choice, options=options)


def _fill(colour: Spec | None) -> Any:
    """Return a point's fill. As a channel it would change the legend of the lines."""
    return {"expr": f"scale('color', datum.{colour['field']})"} if colour else SERIES[0]


def _transforms(measure: Field) -> list[list[Spec]]:
    """Return what each layer draws of a measure: the epochs with a value, which lines join.

    Lines of one epoch cannot be seen: these are the points of the last layer.
    """
    has_value: Spec = {"filter": f"isValid(datum.{measure.key})"}
    count: Spec = {"joinaggregate": [{"op": "count", "as": "num"}], "groupby": ["line"]}
    hot: Spec = {"filter": "datum.id !== '' && datum.id === hot"}
    alone: Spec = {"filter": "datum.num === 1"}
    return [[has_value], [has_value, hot], [has_value], [has_value, count, alone]]


def _layers(data: Curves, colour: Field | None, measure: Field, width: float) -> list[Spec]:
    """Return the lines, the one that is pointed at, what is told at each epoch, and points."""
    told = [f.tooltip() for f in data.factors[:8]]
    told += [{"field": "epoch", "type": "quantitative"}]
    told += [m.tooltip() for m in data.measures[:4]]
    wide: Spec = {"condition": {"test": "datum.picked", "value": 3}, "value": width}
    shown: Spec = {"condition": {"test": IS_CHOSEN, "value": 1}, "value": DIMMED}
    line: Spec = {"detail": {"field": "line"}}
    marked = colour.marked("strokeDash") if colour else {}
    fill = _fill(colour.colour() if colour else None)
    layers: list[tuple[Spec, Spec]] = [
        ({"type": "line", "point": False}, marked | line | {"size": wide, "strokeOpacity": shown}),
        ({"type": "line", "strokeWidth": 4, "color": INK}, line),
        # A line has one box for all its epochs; points have one each.
        ({"type": "point", "filled": True, "size": 60, "opacity": 0}, {"tooltip": told}),
        ({"type": "point", "size": 60, "strokeWidth": 0, "fill": fill}, {"fillOpacity": shown}),
    ]
    encoding = _axes(data, measure)
    return [
        {"transform": transform, "mark": mark, "encoding": encoding | channels}
        for (mark, channels), transform in zip(layers, _transforms(measure), strict=True)
    ]


def _axes(data: Curves, measure: Field) -> Spec:
    x: Spec = {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "scale": {"nice": False, "zero": False, "padding": 8},
        "axis": counting_axis(data.points.columns["epoch"]),
    }
    return {"x": x, "y": measure.position()}
