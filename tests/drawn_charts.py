"""Charts drawn for tests."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

from analysis.figures.chart import Chart
from analysis.render.drawings import to_svg

WORDS = frozenset(
    (
        *("device", "epoch", "epochs", "factor", "hours", "host", "kernel", "launch"),
        *("level", "mean", "setting", "status", "step", "term", "trainings", "verdict"),
    )
)
"""Fields whose names are words that a reader knows."""
SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    """Return a chart as a parsed SVG."""
    return ElementTree.fromstring(to_svg(chart))  # noqa: S314 — our own drawing


def texts(chart: Chart) -> list[str]:
    """Return every text of a chart as it is drawn."""
    return ["".join(each.itertext()) for each in drawn(chart).iter(f"{SVG}text")]


def problems(chart: Chart) -> list[str]:
    """Return what Vega-Lite's schema says against a specification."""
    # Data sets are plain records, and checking each of them takes long.
    spec = chart.complete() | {"datasets": {}}
    return [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in _errors(spec)]


def untold(chart: Chart) -> list[str]:
    """Return the fields that a legend or a tooltip shows without a name for a reader."""
    found: list[str] = []
    for encoding in _encodings(chart.spec):
        legends = [encoding[name] for name in ("color", "shape", "strokeDash") if name in encoding]
        shown = [one for one in legends if "field" in one and one.get("legend", {}) is not None]
        told = encoding.get("tooltip", [])
        told = told if isinstance(told, list) else [told]
        found += [str(one["field"]) for one in shown if not one.get("title")]
        found += [str(one["field"]) for one in told if not one.get("title", one["field"] in WORDS)]
    return found


def _encodings(spec: Any) -> Iterator[dict[str, Any]]:
    if isinstance(spec, dict):
        if isinstance(spec.get("encoding"), dict):
            yield spec["encoding"]
        spec = list(spec.values())
    if isinstance(spec, list):
        for one in spec:
            yield from _encodings(one)


def _errors(spec: dict[str, Any]) -> list[Any]:
    return list(_validator().iter_errors(spec))


@cache
def _validator() -> Any:
    import jsonschema

    schema = files("altair.vegalite.v6.schema") / "vega-lite-schema.json"
    return jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))


def every_option(chart: Chart) -> list[Chart]:
    """Return the chart with each option of each choice."""
    return [
        with_options(chart, **{choice.label: option})
        for choice in chart.choices
        for option in choice.options
    ]


def with_options(chart: Chart, **chosen: str) -> Chart:
    """Return the chart as the HTML draws it when other options are chosen: label -> option."""
    spec = copy.deepcopy(chart.spec)
    for choice in chart.choices:
        if choice.label in chosen:
            for path, value in choice.options[chosen[choice.label]].items():
                _set(spec, path, copy.deepcopy(value))
    return replace(chart, spec=spec)


def _set(spec: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.strip("/").split("/")
    place: Any = spec
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if isinstance(place, list):
        place[int(last)] = value
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = value
