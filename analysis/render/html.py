"""Render the report as one HTML file that needs neither the network nor other files.

A Content-Security-Policy in the file forbids every request and every script except its own. Text of
a study could load or run nothing even if it were not escaped. Without scripts every figure is the
drawing that stands in the file; the scripts draw it again, so that it can be touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.figures.chart import Chart, Data
from analysis.figures.theme import CONFIG, THEME
from analysis.render.document import Document, Figure, Table
from analysis.render.drawings import Drawings
from analysis.render.page_templates import environment, markup, script_hash

SHOWN_ROWS = 200
"""Of a longer table the file shows the first rows; the others are added by the scripts."""
_COLOURS = {light: name for name, (light, _) in THEME.items()}
_TAG = re.compile(r"<[^<>]*>")
_IDENTIFIER = re.compile(r'(\bid="|href="#|url\(#)')
_PREAMBLE = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_TOGETHER = re.compile(r"(?<=\d) (?=%)|(?<=[≤≥<>]) (?=[\d−])")
_SIZE = re.compile(r' (width|height)="([^"]*)"')
_SCRIPTS = ("tables", "groups", "fitting", "selection", "keyboard", "figures", "page")


def render_html(document: Document, drawings: Drawings) -> str:
    """Return the report as a whole HTML document."""
    script, vega = _script(), _resource("vega.js") if document.figures else ""
    data = _DataSets(drawings.chart(figure) for figure in document.figures)
    template = _environment().get_template("report.html.j2")
    return str(
        template.render(
            document=document,
            panels=document.panels(),
            script=markup(script),
            vega=markup(vega),
            style=markup(_style()),
            hashes=" ".join(map(script_hash, filter(None, (script, vega)))),
            shared=markup(_json(data.shared)),
            svg=lambda figure: markup(inline_svg(figure, drawings.svg(figure))),
            chart=lambda figure: markup(_json(_interactive(drawings.chart(figure), data))),
            grouped=_grouped,
            more=lambda table: markup(_json(_more(table))),
            shown_rows=SHOWN_ROWS,
        )
    )


def inline_svg(figure: Figure, svg: str) -> str:
    """Return an SVG for use inside HTML, with a description and unique identifiers.

    The colours of ``figures.theme`` become variables of the page, which defines them for its light
    and its dark theme.
    """
    text = _TAG.sub(lambda tag: _themed(tag[0], figure.name), _PREAMBLE.sub("", svg))
    head, rest = text.split(">", 1)
    size = dict(_SIZE.findall(head))
    head = _SIZE.sub("", head).replace("<svg", '<svg role="img"', 1)
    widest = 1.35 * float(size["width"])
    head += f' aria-labelledby="{figure.name}-alt" style="max-width:{widest:.0f}px"'
    return f"{head}>{rest}"


def _themed(tag: str, name: str) -> str:
    if tag.startswith("<image"):  # the data of an image
        return tag
    tag = _IDENTIFIER.sub(rf"\g<1>{name}-", tag)
    for colour, variable in _COLOURS.items():
        tag = tag.replace(colour, f"var(--{variable})")
    return tag


class _DataSets:
    """The data sets of all figures, each once, with a name that is unique in the page."""

    def __init__(self, charts: Iterable[Chart]) -> None:
        self._names: dict[int, str] = {}
        self._columns: dict[str, Any] = {}
        for chart in charts:
            for one in chart.data:
                if id(one) not in self._names:
                    name = self._names[id(one)] = f"data{len(self._names)}"
                    self._columns[name] = one.columns

    def name(self, data: Data) -> str:
        """Return the name of a data set in the page."""
        return self._names[id(data)]

    @property
    def shared(self) -> dict[str, Any]:
        """The data sets, the theme, and the colours that the page defines."""
        return {"data": self._columns, "config": CONFIG, "colours": _COLOURS}


def _interactive(chart: Chart, data: _DataSets) -> dict[str, Any]:
    """Return what the script needs to draw a chart; its data sets stand apart."""
    return {
        "spec": chart.spec,
        "data": {one.name: data.name(one) for one in chart.data},
        "choices": [
            {"label": c.label, "chosen": c.chosen, "options": list(c.options.items())}
            for c in chart.choices
        ],
        "rows": chart.rows,
        "brush": chart.brush,
        "brushed": chart.brushed,
    }


def _more(table: Table) -> dict[str, Any]:
    """Return the rows of a table that the file does not show."""
    marked = [place for place in sorted(table.marked) if place >= SHOWN_ROWS]
    return {
        "lines": table.lines[SHOWN_ROWS:],
        "marked": marked,
        "panels": table.panels[SHOWN_ROWS:],
    }


def _grouped(blocks: Iterable[Any]) -> list[list[Any]]:
    """Return blocks in their order, with figures that follow one another in one group."""
    groups: list[list[Any]] = []
    for block in blocks:
        if groups and all(isinstance(b, Figure) and not b.is_wide for b in (block, groups[-1][-1])):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _json(value: Any) -> str:
    # Only "</" and "<!--" could end a script element.
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _style() -> str:
    """Return the style of the page, with the colours of its light and its dark theme."""
    light, dark = (
        "".join(f"--{name}:{colours[place]};" for name, colours in THEME.items())
        for place in (0, 1)
    )
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}\n{dark}\n{_resource('report.css')}"


@cache
def _script() -> str:
    return '"use strict";\n' + "\n".join(_resource(f"{name}.js") for name in _SCRIPTS)


@cache
def _environment() -> Any:
    shared = environment(_resource)
    shared.filters["unbroken"] = _unbroken
    return shared


def _unbroken(text: str) -> str:
    """Return text in which no line ends between a number and the sign before or after it."""
    return _TOGETHER.sub("\u00a0", text)


@cache
def _resource(name: str) -> str:
    return (files("analysis.render") / "templates" / name).read_text(encoding="utf-8")
