"""A figure as data: one Vega-Lite specification, its data sets, and what a reader may choose.

The same specification is drawn for print, shown without scripts, and made interactive by the HTML.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.figures.theme import CONFIG, label_room

Spec = dict[str, Any]
Patch = Mapping[str, Any]
"""Path in a specification, such as ``/layer/0/encoding/x`` -> the value there; None removes it."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_DIGITS = 7
_GAP = 8
"""Pixels between two names side by side."""
IS_CHOSEN = "chosen === null || chosen[datum.id]"
"""The test of a mark whose row has not been filtered out by the reader."""
LINKS: tuple[Spec, ...] = (
    {"name": "chosen", "value": None},
    {"name": "hot", "value": ""},
)
"""Parameters that connect a figure with the table: the rows left by filters, and one pointed at."""


@dataclass(frozen=True, eq=False)
class Data:
    """A data set of figures.

    Attributes:
        name: by which a chart's specification names it. Charts that have the same object share it.
        columns: column -> values, all of the same length.
    """

    name: str
    columns: Mapping[str, list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """Return the data set line by line."""
        names = list(self.columns)
        return [
            dict(zip(names, values, strict=True))
            for values in zip(*self.columns.values(), strict=True)
        ]


@dataclass(frozen=True)
class Choice:
    """Something that the reader of the HTML chooses.

    Attributes:
        label: what is chosen, such as ``x axis``.
        options: text of an option -> the changes that it makes. Every option of a choice changes
            the same paths.
        chosen: the option that the specification shows.
    """

    label: str
    options: Mapping[str, Patch]
    chosen: str


@dataclass(frozen=True, eq=False)
class Chart:
    """One figure.

    Attributes:
        spec: the Vega-Lite specification, without data and theme.
        data: the data sets that it names.
        choices: what the reader of the HTML may choose.
        rows: name of the rows whose ``id`` the marks have; empty if they have none. The HTML
            connects them with the table of the same rows.
        brush: the path of the view in which the reader can select marks with a frame; None if there
            is none.
        brushed: the channels that such a frame limits.
    """

    spec: Spec
    data: tuple[Data, ...] = ()
    choices: tuple[Choice, ...] = ()
    rows: str = ""
    brush: str | None = None
    brushed: tuple[str, ...] = ("x", "y")

    def complete(self) -> Spec:
        """Return a specification that can be drawn as it is."""
        datasets = {one.name: one.records() for one in self.data}
        spec = copy.deepcopy(self.spec)
        _slant(spec, None)
        return {"$schema": SCHEMA, **spec, "config": CONFIG, "datasets": datasets}


def _slant(spec: Spec, width: Any) -> None:
    """Let names stand aslant that have no room side by side. ``fitting.js`` does so in the HTML."""
    width = spec.get("width", width)
    x = spec.get("encoding", {}).get("x", {})
    names, axis = x.get("sort"), x.get("axis") or {}
    if isinstance(names, list) and isinstance(width, int) and "labelAngle" not in axis:
        needed = (label_room(names) + _GAP) * len(names)
        x |= {"axis": axis | {"labelAngle": -40, "labelLimit": 140}} if needed > width else {}
    below = [*spec.get("layer", []), *spec.get("concat", []), *spec.get("hconcat", [])]
    for one in [*below, spec["spec"]] if "spec" in spec else below:
        _slant(one, width)


def values_of(values: Iterable[Any]) -> list[Any]:
    """Return numbers and texts for a data set: rounded to 7 digits, None if they are not finite."""
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    if number.is_integer() and abs(number) < 2**53:
        return int(number)
    return float(f"{number:.{_DIGITS}g}")
