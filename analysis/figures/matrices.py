"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.figures.chart import Chart, Data, Spec
from analysis.figures.theme import FAINT, PAGE, SERIES, WIDTH, cut, distinct, facet, on_colour

_LONGEST = 14


def draw_confusion(
    matrices: Sequence[tuple[str, NDArray[np.int64]]],
    names: Sequence[str],
    items: str = "images",
) -> Chart:
    """Draw confusion matrices side by side: counts, shaded by the share of the true class.

    Args:
        matrices: the title and the (classes, classes) counts of a panel, one line per true class.
        names: the names of the classes.
        items: what is counted.
    """
    classes = distinct(cut(each, _LONGEST) for each in names)
    titles = distinct(cut(title) for title, _ in matrices)
    data = Data("confusion", _cells([matrix for _, matrix in matrices], classes, titles))
    per_line = min(len(titles), 2)
    cell = min(34, (WIDTH - 90 - 60 * per_line) // (max(per_line, 2) * len(classes)))
    spec: Spec = {
        "data": {"name": "confusion"},
        "facet": facet(titles),
        "columns": per_line,
        "spec": {
            "width": {"step": cell},
            "height": {"step": cell},
            "layer": _layers(classes, items, font_size=max(7, min(11, cell // 2 - 3))),
        },
        "resolve": {"axis": {"x": "independent", "y": "independent"}},
        "usermeta": {"cells": len(classes)},
    }
    return Chart(spec, (data,))


def _cells(
    matrices: Sequence[NDArray[np.int64]], classes: list[str], titles: list[str]
) -> dict[str, list[Any]]:
    """Return a line per cell of each matrix."""
    columns: dict[str, list[Any]] = {
        each: [] for each in ("panel", "true", "predicted", "count", "share")
    }
    for title, matrix in zip(titles, matrices, strict=True):
        totals = matrix.sum(axis=1)
        for (row, column), count in np.ndenumerate(matrix):
            columns["panel"].append(title)
            columns["true"].append(classes[row])
            columns["predicted"].append(classes[column])
            columns["count"].append(int(count))
            columns["share"].append(round(100 * int(count) / max(int(totals[row]), 1), 2))
    return columns


def _layers(classes: list[str], items: str, font_size: int) -> list[Spec]:
    """Return the shaded cells, and the counts that are not 0."""
    angle = -90 if max(map(len, classes)) > 2 else 0
    at: Spec = {
        "x": {"field": "predicted", "type": "ordinal", "sort": classes, "title": "predicted"}
        | {"axis": {"labelAngle": angle}},
        "y": {"field": "true", "type": "ordinal", "sort": classes, "title": "true"},
    }
    told: list[Spec] = [
        {"field": "true", "title": "true class"},
        {"field": "predicted", "title": "taken for"},
        {"field": "count", "title": items},
        {"field": "share", "title": "of the class (%)", "format": ".1f"},
    ]
    shade: Spec = {"field": "share", "type": "quantitative", "legend": None}
    shade |= {"scale": {"range": [PAGE, SERIES[0]], "domain": [0, 100]}}
    return [
        {
            "mark": {"type": "rect", "stroke": FAINT, "strokeWidth": 0.5},
            "encoding": at | {"color": shade, "tooltip": told},
        },
        {
            "transform": [{"filter": "datum.count > 0"}],
            "mark": {"type": "text", "fontSize": font_size},
            "encoding": at | {"text": {"field": "count"}, "color": on_colour("share")},
        },
    ]
