"""The look that all figures share: sizes, colours, letters and axes.

The series colours are those of Okabe & Ito, "Color Universal Design" (2008), which colour-blind
readers can distinguish. The HTML replaces the colours named here with those of its light and its
dark theme, so a figure uses no others, but for continuous colour scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

INK, MUTED, FAINT, PAGE = "#1b1f24", "#5b6570", "#d5dae0", "#fdfdfe"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
RAMP = "viridis"
FONT = "DejaVu Sans"
WIDTH = 720
"""Width of every printed figure in pixels; the HTML makes it as wide as the page allows."""
LONGEST = 40
"""Texts are cut to so many letters."""
DIMMED = 0.07
"""Opacity of a mark that the reader has not selected."""

CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "transparent",
    "font": FONT,
    "padding": 6,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "titleFontSize": 13,
        "labelFontSize": 12,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": FAINT,
        "gridWidth": 0.7,
        "gridOpacity": 0.8,
        "labelLimit": 190,
        "titleLimit": 420,
        "labelOverlap": "greedy",
        "tickCount": 6,
    },
    "axisDiscrete": {"grid": False, "labelOverlap": False},
    "axisX": {"labelAngle": 0},
    "header": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontWeight": "bold",
        "labelFontSize": 12,
    },
    "legend": {
        "orient": "top",
        "labelColor": INK,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 180,
        "titleLimit": 300,
        "columns": 4,
        "symbolOpacity": 1,
        "gradientLength": 160,
        "gradientThickness": 10,
    },
    "title": {"color": INK, "anchor": "start", "fontSize": 13, "offset": 8},
    "text": {"color": INK},
    "range": {"category": list(SERIES), "symbol": list(SHAPES)},
    "line": {"strokeWidth": 1.6},
    "mark": {"color": SERIES[0]},
    "point": {"filled": True, "size": 42, "opacity": 1},
}


def cut(text: str, longest: int = LONGEST) -> str:
    """Return text of at most ``longest`` letters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which no two are equal: one place of an axis must not hold two things."""
    found: list[str] = []
    for name in names:
        free = name
        while free in found:
            free += "\u2032"
        found.append(free)
    return found


def groups(field: str, order: Sequence[str], title: str | None = None) -> dict[str, Any]:
    """Return a channel of names in their order."""
    return {"field": field, "type": "nominal", "sort": list(order), "title": title}


def facet(field: str, order: Sequence[str]) -> dict[str, Any]:
    """Return the channel of panels, each with its name above its left end."""
    header = {"title": None, "labelAnchor": "start"}
    return {"field": field, "type": "nominal", "sort": list(order), "header": header}
