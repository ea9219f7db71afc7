"""A grid of small images, each with a short text below."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.figures.chart import Chart, Data, Spec
from analysis.figures.theme import WIDTH, cut

_COLUMNS = 6
_CELL = (WIDTH - 20) // _COLUMNS
_SIDE = 84
_LINE = 13
_ENLARGED = 4


def draw_pictures(images: NDArray[np.uint8], texts: Sequence[str]) -> Chart:
    """Draw grey images in rows of six, each with its text below.

    Args:
        images: (num, height, width), 0 black to 255 white; at least one.
        texts: one per image, with line breaks between lines.
    """
    num_lines = max(1 + text.count("\n") for text in texts)
    columns: dict[str, list[Any]] = {"column": [], "row": [], "image": [], "text": []}
    for place, (image, text) in enumerate(zip(images, texts, strict=True)):
        columns["column"].append(place % _COLUMNS)
        columns["row"].append(place // _COLUMNS)
        columns["image"].append(_data_url(image))
        columns["text"].append("\n".join(cut(line, 22) for line in text.split("\n")))
    height = _SIDE + 14 + _LINE * num_lines
    band: Spec = {"type": "band", "padding": 0}
    ordinal: Spec = {"type": "ordinal", "axis": None, "scale": band}
    at: Spec = {
        "x": ordinal | {"field": "column"},
        "y": ordinal | {"field": "row", "bandPosition": (_SIDE / 2 + 4) / height},
    }
    below = ordinal | {"field": "row", "bandPosition": (_SIDE + 10) / height}
    told: Spec = {"field": "text", "type": "nominal", "title": "image"}
    spec: Spec = {
        "data": {"name": "pictures"},
        "width": {"step": _CELL},
        "height": {"step": height},
        "layer": [
            {
                # Without resampling every form of the report shows the pixels themselves.
                "mark": {"type": "image", "width": _SIDE, "height": _SIDE, "smooth": False},
                "encoding": at | {"url": {"field": "image", "type": "nominal"}, "tooltip": told},
            },
            {
                "mark": {"type": "text", "fontSize": 10, "baseline": "top", "lineHeight": _LINE}
                | {"lineBreak": "\n"},
                "encoding": {"x": at["x"], "y": below, "text": {"field": "text"}},
            },
        ],
        "usermeta": {"fixed": True},
    }
    return Chart(spec, (Data("pictures", columns),))


def _data_url(image: NDArray[np.uint8]) -> str:
    """Return an image as a PNG, enlarged so that no program smooths its pixels."""
    from PIL import Image

    enlarged = np.kron(image, np.ones((_ENLARGED, _ENLARGED), dtype=np.uint8))
    stream = io.BytesIO()
    Image.fromarray(enlarged).save(stream, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
