"""The factors and measures of a study as axes and colours of figures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.chart import Spec, values_of
from analysis.figures.theme import DASHES, RAMP, SERIES, cut, series
from analysis.frames.cells import percent_digits
from analysis.frames.columns import levels, numbers
from analysis.frames.costs import cost_measures
from analysis.frames.labels import (
    MISSING,
    format_value,
    label,
    parameter_heading,
)
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, num_items_of

MOST_LEVELS = 10
"""A factor of numbers with more values than this is drawn as continuous."""
NUM_PARTS = 4
"""A continuous factor that is used as a colour or as panels is cut into so many parts."""
_MOST_TICKS = 8
_WIDE_RANGE = 15.0
"""A positive quantity whose largest value is so many times its smallest is on a log axis."""


@dataclass(frozen=True)
class Field:
    """One column of a data set, and how it is drawn.

    Attributes:
        key: the column. Keys are made here, so no name of a user's is read as an expression.
        title: its name with its unit.
        order: the printed values in their order; empty if it is continuous.
        log: whether its axis is logarithmic.
        format: of its numbers, as d3 has it.
        better: ``max``, ``min``, or None if neither is known to be better.
        values: one value per row of the frame.
        parts: the same field cut into a few parts, if it is continuous and a factor.
    """

    key: str
    title: str
    order: tuple[str, ...] = ()
    log: bool = False
    format: str = ""
    better: str | None = None
    values: tuple[Any, ...] = field(default=(), repr=False)
    parts: Field | None = None

    @property
    def is_discrete(self) -> bool:
        """Whether it has few values that are printed as texts."""
        return bool(self.order)

    @property
    def grouping(self) -> Field:
        """The field as it divides rows into groups."""
        return self.parts or self

    def position(self) -> Spec:
        """Return its channel as an axis."""
        named: Spec = {"field": self.key, "title": cut(self.title, 60)}
        if self.is_discrete:
            return named | {"type": "ordinal", "sort": list(self.order)}
        scale: Spec = {"type": "log"} if self.log else {"zero": False}
        scale |= {"nice": False, "padding": 12}  # a round end of an axis may be above 100 %
        axis: Spec = {"format": "~g"} if self.log else {}
        return named | {"type": "quantitative", "scale": scale, "axis": axis}

    def colour(self) -> Spec:
        """Return its channel as a colour."""
        named: Spec = {"field": self.key, "title": cut(self.title, 50)}
        number = len(self.order)
        if self.is_discrete and number <= len(SERIES):
            return series(self.key, self.order, named["title"])
        if self.is_discrete:
            places = np.linspace(0, len(RAMP) - 1, min(number, len(RAMP))).round().astype(int)
            scale: Spec = {"range": [RAMP[place] for place in places]}
            return named | {"type": "ordinal", "sort": list(self.order), "scale": scale}
        scale = ramp(self.better) | ({"type": "log"} if self.log else {})
        return named | {"type": "quantitative", "scale": scale, "legend": self.legend()}

    def legend(self) -> Spec:
        """Return the legend of its numbers, with fewer digits than a mark's box has."""
        return {"format": self.format if self.format.endswith("f") else ".3~r"}

    def second(self, channel: str) -> Spec | None:
        """Return its channel as a shape or a dash beside the colour; None if it has many values."""
        if not self.is_discrete or len(self.order) > len(SERIES):
            return None
        other = self.colour()
        if channel == "strokeDash":
            other["scale"] |= {"range": [list(dash) for dash in DASHES]}
        return other

    def marked(self, second: str = "shape") -> Spec:
        """Return its channels as a colour and, if it has few values, a shape or a dash."""
        other = self.second(second)
        return {"color": self.colour()} | ({second: other} if other else {})

    def tooltip(self) -> Spec:
        """Return its line in the box that describes a mark."""
        named: Spec = {"field": self.key, "title": self.title}
        if self.is_discrete:
            return named | {"type": "nominal"}
        return named | {"type": "quantitative", "format": self.format}


def ramp(better: str | None) -> Spec:
    """Return the scale of a continuous colour; its strong end is for the better values."""
    return {"range": list(RAMP)} | ({"reverse": True} if better == "min" else {})


def counting_axis(numbers: Sequence[Any]) -> Spec:
    """Return the axis of whole numbers. Of a few each has a tick, and nothing between them has."""
    few = len(set(numbers)) <= _MOST_TICKS
    return {"tickMinStep": 1, "format": "d", **({"values": sorted(set(numbers))} if few else {})}


def factor_field(study: Study, rows: pd.DataFrame, name: str, key: str) -> Field:
    """Return a parameter of some rows as a field; its values have the order of the study."""
    title = parameter_heading(name)
    there = set(rows[name].dropna())
    found = [value for value in levels(study.rows, name) if value in there]
    are_numbers = all(isinstance(v, (int, float, np.number)) for v in found)
    is_bool = any(isinstance(v, (bool, np.bool_)) for v in found)
    if are_numbers and not is_bool and len(found) > MOST_LEVELS:
        values = numbers(rows, name)
        return Field(
            key,
            title,
            log=_is_wide(values),
            format=".4~r",
            values=tuple(values_of(values)),
            parts=_parts(values, title, f"{key}p"),
        )
    order = tuple(dict.fromkeys(label(name, value) for value in found))
    texts = tuple(label(name, value) for value in rows[name])
    order += (MISSING,) if MISSING in texts and MISSING not in order else ()
    return Field(key, title, order=order, values=texts)


def measure_field(study: Study, rows: pd.DataFrame, name: str, key: str) -> Field:
    """Return a measure as a field; shares are in percent."""
    measure = measure_of(study, name)
    share = measure.in_percent
    values = numbers(rows, name) * (100.0 if share else 1.0)
    digits = percent_digits(num_items_of(study, None, name))
    return Field(
        key,
        measure.heading,
        log=not share and _is_wide(values),
        format=f".{digits}f" if share else ".4~r",
        better=measure.better or ("min" if name in cost_measures(study) else None),
        values=tuple(values_of(values)),
    )


def _is_wide(values: pd.Series[float]) -> bool:
    known = values.dropna()
    return bool(len(known) and known.min() > 0 and known.max() > _WIDE_RANGE * known.min())


def are_crossed(one: Field, other: Field) -> bool:
    """Return whether the rows that have both factors have several values of each.

    Of conditional parameters one may exist only where the other has a certain value, or none.
    """
    absent = {None, MISSING}
    pairs = [p for p in zip(one.values, other.values, strict=True) if absent.isdisjoint(p)]
    return min(len({pair[side] for pair in pairs}) for side in (0, 1)) > 1


def _parts(values: pd.Series[float], title: str, key: str) -> Field:
    """Cut numbers at their quartiles."""
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, NUM_PARTS + 1)))
    texts = _short_texts([float(edge) for edge in edges])
    names = [f"{low} – {high}" for low, high in itertools.pairwise(texts)]
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(names) - 1)
    shown = [MISSING if pd.isna(v) else names[i] for v, i in zip(values, at, strict=True)]
    order = (*names, *((MISSING,) if MISSING in shown else ()))
    return Field(key, title, order=order, values=tuple(shown))


def _short_texts(values: Sequence[float]) -> list[str]:
    """Return numbers with as few digits as tell them apart, at least two."""
    for digits in (2, 3, 4):
        texts = [format_value(float(f"{value:.{digits}g}")) for value in values]
        if len(set(texts)) == len(values):
            return texts
    return [format_value(value) for value in values]


def with_parts(fields: Sequence[Field]) -> list[Field]:
    """Return fields and their parts: everything that has a column."""
    return [one for each in fields for one in (each, each.parts) if one is not None]
