"""Which factors matter: importances of a forest, shares of variance, and surfaces."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.figures.chart import LINKS, Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.fields import Field
from analysis.figures.panels import option_name
from analysis.figures.rows import Rows
from analysis.figures.scatter import point_layers
from analysis.figures.surrogate import Importances, continuous_pairs
from analysis.figures.theme import MUTED, SERIES, WIDTH, cut, groups, series
from analysis.frames.labels import label, parameter_heading

MOST_BARS = 20


def importance_chart(found: Importances, name: str) -> Chart:
    """Return a point per factor with the range over the forests, the most important first."""
    frame = found.frame.head(MOST_BARS)
    names = [cut(title) for title in frame["factor"]]
    columns: dict[str, list[Any]] = {"factor": names}
    columns |= {c: values_of(100 * frame[c]) for c in ("mean", "low", "high")}
    title = "share of the importance (%)"
    y = groups("factor", names)
    x: Spec = {"field": "mean", "type": "quantitative", "title": title}
    titles = {"mean": title, "low": "lowest of the forests", "high": "highest"}
    numbers: list[Spec] = [
        {"field": name, "type": "quantitative", "format": ".1f", "title": text}
        for name, text in titles.items()
    ]
    told: Spec = {"tooltip": [{"field": "factor"}, *numbers]}
    zero: Spec = {"mark": {"type": "rule", "color": MUTED}, "encoding": {"x": {"datum": 0}}}
    span: Spec = {
        "mark": {"type": "rule", "strokeWidth": 1.6, "color": SERIES[0]},
        "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
    }
    point: Spec = {
        "mark": {"type": "point", "filled": True, "size": 80, "color": SERIES[0]},
        "encoding": {"y": y, "x": x, **told},
    }
    spec: Spec = {
        "width": WIDTH - 220,
        "height": {"step": 24},
        "data": {"name": name},
        "layer": [zero, span, point],
    }
    return Chart(spec, (Data(name, columns),))


def variance_chart(shares: pd.DataFrame, name: str) -> Chart:
    """Return the share of the variance of every factor and pair, from ``variance_data``."""
    largest = shares.groupby("term")["eta_squared"].max().sort_values(ascending=False)
    terms = list(largest.head(MOST_BARS).index)
    shares = shares[shares["term"].isin(terms)]
    names = {term: cut(term_words(str(term)), 46) for term in terms}
    columns: dict[str, list[Any]] = {
        "term": [names[term] for term in shares["term"]],
        "share": values_of(100 * shares["eta_squared"]),
    }
    y = groups("term", list(names.values()))
    x: Spec = {"field": "share", "type": "quantitative", "title": "share of the variance, η² (%)"}
    encoding: Spec = {"y": y, "x": x}
    told: list[Spec] = [
        {"field": "term"},
        {"field": "share", "type": "quantitative", "format": ".1f", "title": "η² (%)"},
    ]
    if "dataset" in shares:
        columns["group"] = [cut(label("dataset", value)) for value in shares["dataset"]]
        order = list(dict.fromkeys(columns["group"]))
        title = parameter_heading("dataset")
        encoding |= {"color": series("group", order, title)}
        encoding |= {"yOffset": {"field": "group", "sort": order}}
        told.insert(0, {"field": "group", "title": title})
    spec: Spec = {
        "width": WIDTH - 260,
        "height": {"step": 14 if "group" in columns else 20},
        "data": {"name": name},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": encoding | {"tooltip": told},
    }
    return Chart(spec, (Data(name, columns),))


def term_words(term: str) -> str:
    """Return a factor or a pair of factors as it is printed."""
    return " × ".join(map(parameter_heading, term.split(" × ")))


def surface_chart(rows: Rows, measure: Field, surface: pd.DataFrame, name: str) -> Chart:
    """Return the surface between two continuous factors, with the configurations on it."""
    pairs = continuous_pairs(rows)
    data = Data(name, {str(c): values_of(surface[c]) for c in surface})
    colour: Spec = measure.colour() | {"title": cut(measure.title, 50)}
    cell: Spec = {
        "data": {"name": name},
        "transform": [{"filter": "datum.pair === 0"}],
        "mark": {"type": "rect", "opacity": 0.75},
        "encoding": _cell(*pairs[0])
        | {
            "color": colour | {"field": "mean"},
            "tooltip": {"field": "mean", "type": "quantitative", "format": ".4~r"},
        },
    }
    encoding: Spec = {
        "x": pairs[0][0].position(),
        "y": pairs[0][1].position(),
        "color": colour,
        "tooltip": rows.tooltip,
    }
    points, ring = point_layers(encoding, len(rows.frame), size=38)
    points["mark"] |= {"strokeWidth": 1}
    spec: Spec = {
        "width": WIDTH - 90,
        "height": 320,
        "params": list(LINKS),
        "data": {"name": rows.data.name},
        "layer": [cell, points, ring],
    }
    options: dict[str, Patch] = {}
    fields = rows.factors
    for number, (x, y) in enumerate(pairs):
        patch: dict[str, Any] = {
            "/layer/0/transform/0/filter": f"datum.pair === {number}",
            "/layer/0/encoding/x": _cell(x, y)["x"],
            "/layer/0/encoding/y": _cell(x, y)["y"],
        }
        for layer in (1, 2):
            patch[f"/layer/{layer}/encoding/x"] = x.position()
            patch[f"/layer/{layer}/encoding/y"] = y.position()
        options[f"{option_name(x, fields)} × {option_name(y, fields)}"] = patch
    choice = Choice("factors", options, next(iter(options)))
    return Chart(spec, (rows.data, data), (choice,), rows.data.name, "/layer/1")


def _cell(x: Field, y: Field) -> Spec:
    """Return the channels of a cell of the surface; it fills the axes."""
    flat: Spec = {"padding": 0}

    def side(field: Field, column: str) -> Spec:
        named = field.position()
        return named | {"field": column, "scale": named["scale"] | flat}

    return {
        "x": side(x, "x"),
        "x2": {"field": "x_end"},
        "y": side(y, "y"),
        "y2": {"field": "y_end"},
    }
