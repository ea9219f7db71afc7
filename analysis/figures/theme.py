"""The look that all figures share: sizes, colours, letters and axes.

``THEME`` is the only list of colours. Print has the light ones. In the HTML each is a variable that
has its light or its dark value, so a figure names no others but black and white.

The series colours have a contrast of at least 3 to the page, and any two differ by at least 14
(Euclidean distance in OKLab, times 100) for readers without colour blindness, with protanopia and
with deuteranopia. They were found by a search over such colours. A shape or a dash says the same.
The ramp is the half of viridis (Smith & van der Walt, 2015) that has this contrast, with its strong
end for the better values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

THEME: dict[str, tuple[str, str]] = {
    "ink": ("#1b1f24", "#e6eaee"),
    "muted": ("#5b6570", "#a3adb8"),
    "faint": ("#d5dae0", "#39424c"),
    "page": ("#fdfdfe", "#14181d"),
    "series-1": ("#03439d", "#599cff"),
    "series-2": ("#da6f16", "#e89c8a"),
    "series-3": ("#04a092", "#488b0b"),
    "series-4": ("#72023e", "#b14a9a"),
    "series-5": ("#5b77e2", "#31f0ff"),
    "series-6": ("#7a5300", "#f3e24b"),
    "ramp-1": ("#1fa187", "#277f8e"),
    "ramp-2": ("#23928a", "#238e8b"),
    "ramp-3": ("#26838d", "#209d88"),
    "ramp-4": ("#2c738e", "#2dac7e"),
    "ramp-5": ("#33648d", "#40ba73"),
    "ramp-6": ("#3a538a", "#5dc761"),
    "ramp-7": ("#414083", "#83d24a"),
    "ramp-8": ("#462d79", "#aadb37"),
    "ramp-9": ("#451767", "#d4e12e"),
    "ramp-10": ("#440154", "#fde725"),
}
"""Name -> the colour on a light and on a dark page."""
INK, MUTED, FAINT, PAGE = (THEME[name][0] for name in ("ink", "muted", "faint", "page"))
SERIES = tuple(light for name, (light, _) in THEME.items() if name.startswith("series"))
RAMP = tuple(light for name, (light, _) in THEME.items() if name.startswith("ramp"))
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
DASHES = ((1, 0), (6, 3), (2, 2), (9, 3, 2, 3), (12, 4), (4, 2, 1, 2, 1, 2))
"""Patterns of lines, as many as there are series colours."""
FONT = "DejaVu Sans"
WIDTH = 720
"""Width of every printed figure in pixels; the HTML makes it as wide as the page allows."""
LONGEST = 40
"""Texts are cut to so many letters."""
WHOLE = 350
"""The most pixels of a label that is shown whole: longer than ``LONGEST`` letters."""
DIMMED = 0.07
"""Opacity of a mark that the reader has not selected."""

_LETTER = 7

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


def label_room(names: Iterable[str]) -> int:
    """Return about how many pixels the longest of the labels takes.

    It shares out the width of a figure. It is no limit: a label may be wider by a tenth.
    """
    return _LETTER * max(map(len, names), default=0)


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which no two are equal: one place of an axis must not hold two things."""
    found: list[str] = []
    for name in names:
        free = name
        while free in found:
            free += "\u2032"
        found.append(free)
    return found


def on_colour(value: str) -> dict[str, Any]:
    """Return the colour of letters on the colour of a value: black or white, what is read better.

    At this luminance both have the same contrast, 4.58.
    """
    test = f"luminance(scale('color', datum.{value})) > 0.179"
    return {"condition": {"test": test, "value": "#000000"}, "value": "#ffffff"}


def groups(field: str, order: Sequence[str]) -> dict[str, Any]:
    """Return a channel of names in their order."""
    return {"field": field, "type": "nominal", "sort": list(order), "title": None}


def series(field: str, order: Sequence[str], title: str) -> dict[str, Any]:
    """Return a channel of colours or shapes, those of names in their order.

    Colour and shape share a legend if both have the same names; a sort of their own would part it.
    """
    return {"field": field, "type": "nominal", "title": title, "scale": {"domain": list(order)}}


def facet(order: Sequence[str]) -> dict[str, Any]:
    """Return the channel of panels, each with its name above its left end."""
    header = {"title": None, "labelAnchor": "start"}
    return {"field": "panel", "type": "nominal", "sort": list(order), "header": header}
