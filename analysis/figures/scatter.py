"""Configurations as points: any two quantities, and the Pareto front of any two measures."""

from __future__ import annotations

import pandas as pd

from analysis.figures.chart import IS_CHOSEN, LINKS, Chart, Patch, Spec
from analysis.figures.fields import Field
from analysis.figures.panels import colour_choice, field_choice, on_layers, panel_choice, panelled
from analysis.figures.rows import Rows
from analysis.figures.theme import DIMMED, INK, MUTED, PAGE

MOST_POINTS = 2_000
"""Of more configurations a fixed sample is drawn; all of them can still be selected."""
_HEIGHT = 280
_JITTER: Spec = {
    "field": "jitter",
    "type": "quantitative",
    "scale": {"domain": [-0.3, 1.3], "nice": False},
}


def sampled(count: int, most: int = MOST_POINTS) -> list[Spec]:
    """Return the filter that draws a sample of many rows; empty if all are drawn.

    The column ``jitter`` is spread evenly from 0 to 1, so that it makes an even sample.
    """
    if count <= most:
        return []
    return [{"filter": f"datum.jitter < {most / count:.4f}"}]


def sample_words(count: int, most: int = MOST_POINTS) -> str:
    """Return what a caption says about ``sampled``; empty if all rows are drawn."""
    if count <= most:
        return ""
    return f" {most:,} of {count:,} configurations are drawn, taken evenly from all."


def point_layers(
    encoding: Spec, count: int, *, size: int = 46, most: int = MOST_POINTS
) -> list[Spec]:
    """Return configurations as points, and a ring around the one that is pointed at."""
    points: Spec = {
        "transform": sampled(count, most),
        # A line in the colour of the page keeps points apart that lie upon one another.
        "mark": {"type": "point", "filled": True, "size": size, "stroke": PAGE, "strokeWidth": 0.6},
        "encoding": encoding
        | {"fillOpacity": {"condition": {"test": IS_CHOSEN, "value": 1}, "value": DIMMED}},
    }
    ring: Spec = {
        "transform": [{"filter": "datum.id === hot"}],
        "mark": {
            "type": "point",
            "filled": False,
            "size": 4 * size,
            "strokeWidth": 2.5,
            "color": INK,
        },
        "encoding": {
            name: encoding[name] for name in ("x", "y", "xOffset", "yOffset") if name in encoding
        },
    }
    return [points, ring]


def axis(name: str, field: Field) -> Spec:
    """Return the channels of an axis; marks at one value of a discrete one are spread."""
    offset = {f"{name}Offset": _JITTER} if field.is_discrete else {}
    return {name: field.position(), **offset}


def _axis_patch(name: str, field: Field) -> Patch:
    """Return the changes that put a field on an axis of points and ring."""
    offset = _JITTER if field.is_discrete else None
    at = on_layers(name, field.position(), (0, 1))
    return at | on_layers(f"{name}Offset", offset, (0, 1))


def explore_chart(
    rows: Rows, x: Field, y: Field, colour: Field | None, panel: Field | None = None
) -> Chart:
    """Return a figure of any two factors or measures, coloured by a third."""
    fields = (*rows.factors, *rows.measures)
    encoding: Spec = {**axis("x", x), **axis("y", y), "tooltip": rows.tooltip}
    encoding |= colour.marked() if colour else {}
    spec = panelled(
        panel,
        {"layer": point_layers(encoding, len(rows.frame))},
        height=_HEIGHT,
        params=list(LINKS),
        data={"name": rows.data.name},
    )
    choices = (
        field_choice("x axis", fields, x, lambda f: _axis_patch("x", f)),
        field_choice("y axis", fields, y, lambda f: _axis_patch("y", f)),
        colour_choice(fields, colour, ["/spec/layer/0/encoding/color"], "shape"),
        panel_choice(rows.factors, panel, 0),
    )
    return Chart(spec, (rows.data,), choices, rows.data.name, "/spec/layer/0")


def pareto_chart(
    rows: Rows, x: Field, y: Field, colour: Field | None, panel: Field | None = None
) -> Chart:
    """Return two measures of which both should be good, with the front of each panel."""
    known = [m for m in rows.measures if m.better]
    encoding: Spec = {"x": x.position(), "y": y.position(), "tooltip": rows.tooltip}
    encoding |= colour.marked() if colour else {}
    points, ring = point_layers(encoding, len(rows.frame))
    line: Spec = {
        "transform": _front(),
        "mark": {"type": "line", "interpolate": "step-after", "color": MUTED, "strokeWidth": 1.4},
        "encoding": {"x": x.position(), "y": y.position(), "order": {"field": "cost"}},
    }
    marks: Spec = {
        "transform": _front(),
        "mark": {"type": "point", "filled": False, "size": 110, "strokeWidth": 1.2, "color": MUTED},
        "encoding": {"x": x.position(), "y": y.position()},
    }
    spec = panelled(
        panel,
        {"layer": [line, points, marks, ring]},
        height=_HEIGHT,
        params=list(LINKS),
        data={"name": rows.data.name},
        transform=[_signed(x, "cost"), _signed(y, "loss")],
    )
    choices = (
        field_choice("x axis", known, x, lambda f: _front_patch("x", f, 0, "cost")),
        field_choice("y axis", known, y, lambda f: _front_patch("y", f, 1, "loss")),
        colour_choice(rows.factors, colour, ["/spec/layer/1/encoding/color"], "shape"),
        panel_choice(rows.factors, panel, 2),
    )
    return Chart(spec, (rows.data,), choices, rows.data.name, "/spec/layer/1")


def _signed(field: Field, name: str) -> Spec:
    """Return a transformation that makes lower values the better ones."""
    sign = "-" if field.better == "max" else ""
    return {"calculate": f"{sign}datum.{field.key}", "as": name}


def _front_patch(name: str, field: Field, place: int, signed: str) -> Patch:
    at = on_layers(name, field.position(), range(4))
    return at | {f"/transform/{place}": _signed(field, signed)}


def _front() -> list[Spec]:
    """Return what keeps the points that no other beats; equal points do not beat each other.

    Of points at one cost that is the lowest loss, and only if no cheaper one has a loss as low.
    """
    return [
        {"filter": "datum.fair !== false && isValid(datum.cost) && isValid(datum.loss)"},
        {
            "window": [{"op": "min", "field": "loss", "as": "lowest"}],
            "sort": [{"field": "cost"}],
            "frame": [None, 0],
            "ignorePeers": False,
            "groupby": ["panel"],
        },
        {"filter": "datum.loss === datum.lowest"},
        {
            "joinaggregate": [{"op": "min", "field": "cost", "as": "cheapest"}],
            "groupby": ["panel", "loss"],
        },
        {"filter": "datum.cost === datum.cheapest"},
    ]


def front_data(rows: Rows, x: Field, y: Field, panel: Field | None = None) -> pd.DataFrame:
    """Return the configurations on the fronts that ``pareto_chart`` draws, the cheapest first.

    Returns:
        ``panel`` (the value of its field, empty without one), ``id``, ``x`` and ``y``.
    """
    points = pd.DataFrame(
        {
            "panel": list(panel.grouping.values) if panel else "",
            "id": rows.data.columns["id"],
            "x": pd.Series(x.values, dtype="float64"),
            "y": pd.Series(y.values, dtype="float64"),
        }
    )
    points = points[rows.is_fair].dropna()
    points["cost"] = points["x"] * (-1.0 if x.better == "max" else 1.0)
    points["loss"] = points["y"] * (-1.0 if y.better == "max" else 1.0)
    points = points.sort_values(["cost", "loss"], kind="stable")
    points = points[points["loss"] == points.groupby("panel", sort=False)["loss"].cummin()]
    cheapest = points.groupby(["panel", "loss"], sort=False)["cost"].transform("min")
    on_front = points[points["cost"] == cheapest]
    return on_front[["panel", "id", "x", "y"]].reset_index(drop=True)
