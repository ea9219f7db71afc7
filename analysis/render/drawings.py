"""Draw the figures of a document as SVG and PNG, each once, for every renderer.

Vega draws them, inside of vl-convert: no browser is started and nothing is fetched.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.figures.chart import Chart
from analysis.render.document import Figure

_PIXELS_PER_POINT = 2.0
_TAG = re.compile(r"<[^<>]*>")
_NOISE = re.compile(
    r' (?:(?:class|role|aria-roledescription)="[^"]*"|(?:fill-|stroke-)?opacity="1"'
    r'|pointer-events="none"|aria-hidden="true"|transform="translate\(0,0\)"|font-weight="normal")'
)
_IDENTIFIER = re.compile(r'<[^<>]* id="([^"]*)"')
_REFERENCE = re.compile(r'( id="| (?:xlink:)?href="#|url\(#)([^")]*)("|\))')
_LONG = re.compile(r"(?<=\.\d\d)\d+(?![\d#])")
_EMPTY = re.compile(r'<path[^<>]* d="M0,0h0v0h0Z"[^<>]*/>|<g */>|<g></g>')


class Drawings:
    """The figures of one document, drawn when they are first asked for."""

    def __init__(self) -> None:
        self._charts: dict[str, Chart] = {}
        self._svgs: dict[str, str] = {}

    def chart(self, figure: Figure) -> Chart:
        """Return a figure as data."""
        if figure.name not in self._charts:
            self._charts[figure.name] = figure.draw()
        return self._charts[figure.name]

    def svg(self, figure: Figure) -> str:
        """Return a figure as SVG on a transparent background."""
        if figure.name not in self._svgs:
            self._svgs[figure.name] = to_svg(self.chart(figure))
        return self._svgs[figure.name]

    def png(self, figure: Figure) -> bytes:
        """Return a figure as PNG on white."""
        return to_png(self.svg(figure))


def to_svg(chart: Chart) -> str:
    """Return a chart as SVG; the same chart gives the same text."""
    svg = _vl_convert().vegalite_to_svg(chart.complete(), allowed_base_urls=[])
    # Identifiers count all drawings of the process.
    names = dict.fromkeys(_IDENTIFIER.findall(svg))
    numbers = {name: f"i{place}" for place, name in enumerate(names)}

    def short(match: re.Match[str]) -> str:
        tag = _short_tag(match)
        return _REFERENCE.sub(lambda m: f"{m[1]}{numbers.get(m[2], m[2])}{m[3]}", tag)

    return _EMPTY.sub("", _TAG.sub(short, svg))


def to_png(svg: str) -> bytes:
    """Return an SVG as PNG on white, with two pixels for one."""
    white = re.sub(
        r"(<svg [^>]*>)", r'\1<rect width="100%" height="100%" fill="#ffffff"/>', svg, count=1
    )
    return bytes(_vl_convert().svg_to_png(white, scale=_PIXELS_PER_POINT))


def _short_tag(match: re.Match[str]) -> str:
    """Leave out of a tag what changes nothing that is seen, and round its numbers."""
    tag = match[0]
    if tag.startswith("<image"):  # the data of the image
        return tag
    return _LONG.sub("", _NOISE.sub("", tag))


@cache
def _vl_convert() -> Any:
    import vl_convert

    with_fonts = files("analysis.render") / "templates" / "fonts"
    vl_convert.register_font_directory(str(with_fonts))
    return vl_convert
