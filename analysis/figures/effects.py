"""Main effects of the factors, and how two factors act together."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.fields import MOST_LEVELS, Field
from analysis.figures.panels import field_choice, on_layers, option_name, panel_choice, panelled
from analysis.figures.rows import Rows
from analysis.figures.theme import WIDTH, cut, groups, series
from analysis.frames.columns import levels
from analysis.frames.labels import label, mean_of, parameter_heading
from analysis.frames.measures import Measure

_HEIGHT = 240
_NARROW = 420
_ABOVE = {
    f"/facet/row/header/{name}": value
    for name, value in {
        **{"labelOrient": "top", "labelAnchor": "start", "labelBaseline": "bottom"},
        "labelPadding": 2,
    }.items()
}
"""What puts the name of a factor above its levels, where a page has no room beside them."""


def draw_effects(effects: pd.DataFrame, measure: Measure, column: str) -> Chart:
    """Draw the mean of a measure at every level of every factor, from ``main_effects_data``.

    ``column`` has the means.
    """
    effects = effects[effects[column].notna()]
    names = {name: cut(parameter_heading(name), 30) for name in dict.fromkeys(effects["factor"])}
    datasets = levels(effects, "dataset") if "dataset" in effects else []
    title = mean_of(f"{measure.words} (%)" if measure.in_percent else measure.axis)
    told: list[Spec] = [
        *([{"field": "group", "title": "data set"}] if datasets else []),
        {"field": "factor"},
        {"field": "level"},
        {"field": "mean", "title": title, "format": ".2f" if measure.in_percent else ".4~r"},
        {"field": "trainings"},
    ]
    header = {"labelAngle": 0, "labelAlign": "left", "labelAnchor": "middle"}
    header |= {"labelBaseline": "middle", "labelLimit": 190}
    row = groups("factor", list(names.values()))
    sets = [cut(label("dataset", value)) for value in datasets]
    layers = _level_layers(sets, title)
    layers[1]["encoding"]["tooltip"] = told
    spec: Spec = {
        "data": {"name": "effects"},
        "facet": {"row": row | {"header": header}},
        "spacing": 6,
        "resolve": {"scale": {"y": "independent"}},
        "usermeta": {"narrow": {"below": _NARROW, "patch": _ABOVE}},
        "spec": {"width": WIDTH - 300, "height": {"step": 19}, "layer": layers},
    }
    columns: dict[str, list[Any]] = {
        "factor": [names[name] for name in effects["factor"]],
        "level": [
            cut(label(f, v)) for f, v in zip(effects["factor"], effects["level"], strict=True)
        ],
        "place": _level_places(effects),
        "mean": values_of((100.0 if measure.in_percent else 1.0) * effects[column].astype(float)),
        "trainings": [int(n) for n in effects["num_trainings"]],
    }
    if datasets:
        columns["group"] = [cut(label("dataset", value)) for value in effects["dataset"]]
    return Chart(spec, (Data("effects", columns),))


def _level_places(effects: pd.DataFrame) -> list[int]:
    """Return the place of each level among those of its factor: two factors may share a level."""
    groups = effects.groupby("factor", sort=False)
    places = {factor: levels(group, "level") for factor, group in groups}
    return [
        places[factor].index(level)
        for factor, level in zip(effects["factor"], effects["level"], strict=True)
    ]


def _level_layers(datasets: list[str], title: str) -> list[Spec]:
    """Return a point per level, and a line through those of a data set."""
    by_place = {"field": "place", "op": "min"}
    encoding: Spec = {
        "x": {"field": "mean", "type": "quantitative", "title": title, "scale": {"zero": False}},
        "y": {"field": "level", "type": "ordinal", "sort": by_place, "title": None},
    }
    drawn = series("group", datasets, parameter_heading("dataset"))
    colour: Spec = {"color": drawn} if datasets else {}
    shape: Spec = {"shape": drawn} if datasets else {}
    return [
        {
            "mark": {"type": "line", "strokeWidth": 1},
            "encoding": encoding | colour | {"order": {"field": "place"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": encoding | colour | shape,
        },
    ]


def interaction_chart(
    rows: Rows, measure: Field, x: Field, lines: Field, panel: Field | None = None
) -> Chart:
    """Return the mean of a measure at the levels of a factor, one line per level of another.

    Lines that are not parallel are an interaction. Continuous factors are cut into parts.
    """
    fields = interacting(rows)
    encoding: Spec = {"x": _across(x), "y": _mean_of(measure), **_by(lines)}
    spec = panelled(
        panel,
        {"layer": _interaction_layers(encoding, x, lines)},
        height=_HEIGHT,
        data={"name": rows.data.name},
        then=[
            *mean_of_cells(measure, x, lines),
            {"calculate": "datum.mean - datum.error", "as": "low"},
            {"calculate": "datum.mean + datum.error", "as": "high"},
        ],
    )
    options: dict[str, Patch] = {option_name(f, fields): _lines_patch(f) for f in fields}
    choices = (
        field_choice("measure", rows.measures, measure, _measure_patch),
        field_choice("x axis", fields, x, _across_patch),
        Choice("lines", options, option_name(lines, fields)),
        panel_choice(rows.factors, panel, 0),
    )
    return Chart(spec, (rows.data,), choices)


def interacting(rows: Rows) -> list[Field]:
    """Return the factors with few levels, or few parts, which can be set against each other."""
    return [f for f in rows.factors if 1 < len(f.grouping.order) <= MOST_LEVELS]


def mean_of_cells(measure: Field, across: Field, by: Field) -> list[Spec]:
    """Return what makes ``mean``, ``error`` and ``count`` per panel and levels of two factors.

    It follows the column ``panel``. The levels are the columns ``across`` and ``by``.
    """
    return [
        {"filter": f"isValid(datum.{measure.key})"},
        {"calculate": f"datum.{across.grouping.key}", "as": "across"},
        {"calculate": f"datum.{by.grouping.key}", "as": "by"},
        {
            "aggregate": [
                {"op": "mean", "field": measure.key, "as": "mean"},
                {"op": "stderr", "field": measure.key, "as": "error"},
                {"op": "count", "as": "count"},
            ],
            "groupby": ["panel", "across", "by"],
        },
    ]


def mean_patch(measure: Field) -> dict[str, Any]:
    """Return the changes that put another measure into ``mean_of_cells``."""
    filtered = {"filter": f"isValid(datum.{measure.key})"}
    at = "/transform/4/aggregate"
    return {
        "/transform/1": filtered,
        f"{at}/0/field": measure.key,
        f"{at}/1/field": measure.key,
    }


def _interaction_layers(encoding: Spec, x: Field, lines: Field) -> list[Spec]:
    told: list[Spec] = [
        {"field": "across", "title": x.title},
        {"field": "by", "title": lines.title},
        {"field": "mean", "type": "quantitative", "format": ".4~r"},
        {"field": "error", "type": "quantitative", "format": ".2~r", "title": "standard error"},
        {"field": "count", "type": "quantitative", "title": "configurations"},
    ]
    low, high = {"field": "low", "type": "quantitative"}, {"field": "high"}
    plain = {channel: encoding[channel] for channel in ("x", "y", "color")}
    return [
        {"mark": {"type": "line", "strokeWidth": 1.6}, "encoding": plain},
        {
            "mark": {"type": "rule", "strokeWidth": 1.6},
            "encoding": plain | {"y": low, "y2": high},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": encoding | {"tooltip": told},
        },
    ]


def _across(x: Field) -> Spec:
    return {**x.grouping.position(), "field": "across", "title": cut(x.title, 60)}


def _by(lines: Field) -> Spec:
    return {name: {**each, "field": "by"} for name, each in lines.grouping.marked().items()}


def _mean_of(measure: Field) -> Spec:
    title = mean_of(cut(measure.title, 50))
    scale = {"zero": False, "padding": 12}
    return {"field": "mean", "type": "quantitative", "title": title, "scale": scale}


def _measure_patch(measure: Field) -> Patch:
    title = _mean_of(measure)["title"]
    return mean_patch(measure) | on_layers("y/title", title, (0, 2))


def _across_patch(x: Field) -> Patch:
    at = on_layers("x", _across(x))
    at["/spec/layer/2/encoding/tooltip/0/title"] = x.title
    return at | {"/transform/2/calculate": f"datum.{x.grouping.key}"}


def _lines_patch(lines: Field) -> Patch:
    by = _by(lines)
    at = on_layers("color", by["color"])
    at["/spec/layer/2/encoding/shape"] = by.get("shape")
    at["/spec/layer/2/encoding/tooltip/1/title"] = lines.title
    return at | {"/transform/3/calculate": f"datum.{lines.grouping.key}"}
