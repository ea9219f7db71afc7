from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.figures.chart import Chart, Data
from analysis.render import vega_bundle
from analysis.render.document import Figure
from analysis.render.drawings import Drawings, to_png, to_svg


def bars(*texts: str) -> Chart:
    """Return a chart with a bar per text."""
    spec = {
        "width": 200,
        "height": 100,
        "data": {"name": "d"},
        "mark": "bar",
        "encoding": {
            "x": {"field": "text", "type": "nominal"},
            "y": {"field": "value", "type": "quantitative"},
            "color": {"field": "value", "type": "quantitative"},
        },
    }
    return Chart(spec, (Data("d", {"text": list(texts), "value": list(range(len(texts)))}),))


def test_a_figure_is_made_and_drawn_once() -> None:
    calls = []

    def draw() -> Chart:
        calls.append(1)
        return bars("a", "b")

    figure, drawings = Figure("f", "c", "a", draw), Drawings()
    assert drawings.svg(figure) is drawings.svg(figure)
    assert drawings.png(figure).startswith(b"\x89PNG") and drawings.chart(figure).data
    assert calls == [1]


def test_the_same_chart_has_the_same_bytes_whatever_was_drawn_before() -> None:
    first = to_svg(bars("a", "b"))
    to_svg(bars("c"))
    again = to_svg(bars("a", "b"))
    assert first == again and "gradient" in first.lower() and to_png(first) == to_png(again)


@pytest.mark.parametrize("text", ['opacity="1" x="0.123456"', "<script>&\"'", "#0072b2"])
def test_texts_are_drawn_letter_for_letter(text: str) -> None:
    root = ElementTree.fromstring(to_svg(bars(text, "b")))  # noqa: S314 — our own drawing
    assert text in ["".join(each.itertext()) for each in root.iter()]


def test_a_png_is_twice_as_large_and_white() -> None:
    svg = to_svg(bars("a", "b"))
    root = ElementTree.fromstring(svg)  # noqa: S314
    width, height = struct.unpack(">II", to_png(svg)[16:24])
    assert width == pytest.approx(2 * float(root.attrib["width"]), abs=2)
    assert height == pytest.approx(2 * float(root.attrib["height"]), abs=2)
    from io import BytesIO

    from PIL import Image

    assert Image.open(BytesIO(to_png(svg))).convert("RGBA").getpixel((0, 0)) == (255,) * 4


def test_the_pages_vega_is_the_one_that_draws_for_print() -> None:
    script = Path(vega_bundle.__file__).parent / "templates" / "vega.js"
    head = script.read_text(encoding="utf-8")[:200]
    found = vega_bundle.versions()
    assert f"Vega {found['vega']}, Vega-Lite {found['vega_lite']}, Vega-Embed" in head
