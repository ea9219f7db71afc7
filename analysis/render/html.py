"""Render the report as one HTML file that needs neither the network nor other files.

A Content-Security-Policy in the file forbids every request and every script except its own. Text of
a study could load or run nothing even if it were not escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.figures.style import FAINT, INK, MUTED, SERIES
from analysis.render.document import Document, Figure
from analysis.render.drawings import Drawings

_COLOURS = {INK: "ink", MUTED: "muted", FAINT: "faint"}
_COLOURS |= {colour: f"series-{index + 1}" for index, colour in enumerate(SERIES)}
_IDENTIFIER = re.compile(r'(\bid="|href="#|url\(#)')
_PREAMBLE = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_SIZE = re.compile(r'<svg([^>]*?) (?:width|height)="[^"]*"')


def render_html(document: Document, drawings: Drawings) -> str:
    """Return the report as a whole HTML document."""
    script, style = _resource("report.js"), _resource("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = _environment().get_template("report.html.j2")
    return str(
        template.render(
            document=document,
            panels=document.panels(),
            script=_markup(script),
            style=_markup(style),
            script_hash=f"sha256-{digest}",
            svg=lambda figure: _markup(inline_svg(figure, drawings.svg(figure))),
            data=lambda figure: _markup(_json(figure.data)),
        )
    )


def inline_svg(figure: Figure, svg: str) -> str:
    """Return an SVG for use inside HTML, with a description and unique identifiers.

    The colours of ``figures.style`` become variables of the page, which defines them for its light
    and its dark theme.
    """
    text = _PREAMBLE.sub("", svg)
    text = _IDENTIFIER.sub(rf"\g<1>{figure.name}-", text)
    for colour, name in _COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    while _SIZE.search(text):
        text = _SIZE.sub(r"<svg\1", text, count=1)
    described = f'<svg role="img" aria-labelledby="{figure.name}-alt"'
    return text.replace("<svg", described, 1)


def _json(value: Any) -> str:
    # Only "</" and "<!--" could end a script element.
    return json.dumps(value).replace("<", "\\u003c")


@cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _resource(name: str) -> str:
    return (files("analysis.render") / "templates" / name).read_text(encoding="utf-8")


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 — only our own files, JSON and matplotlib's drawings
