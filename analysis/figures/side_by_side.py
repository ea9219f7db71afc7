"""A figure of the same rows in two studies: one against the other, with the line of equality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import style
from analysis.frames.measures import Measure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARGIN = 0.04


def draw_side_by_side(data: pd.DataFrame, scale: Measure, labels: tuple[str, str]) -> Figure:
    """Draw the values of two studies against each other, a point per row.

    Args:
        data: ``a`` and ``b``, the values of the first and of the second study, and ``series``, the
            group that decides a point's colour and marker; all empty for one group.
        scale: how the values are printed.
        labels: the names of the studies.
    """
    both = pd.concat([data["a"], data["b"]])
    low, high = float(both.min()), float(both.max())
    margin = _MARGIN * (high - low or abs(high) or 1.0)
    ends = (low - margin, high + margin)
    with style.canvas(1, 1, 4.6) as (figure, [[axes]]):
        axes.plot(ends, ends, color=style.MUTED, lw=1, ls="--", label="equal")
        for index, series in enumerate(data["series"].drop_duplicates()):
            points = data[data["series"] == series]
            axes.scatter(
                points["a"],
                points["b"],
                s=24,
                marker=style.MARKERS[index % len(style.MARKERS)],
                color=style.SERIES[index % len(style.SERIES)],
                alpha=0.75,
                linewidths=0,
                label=style.plain(series) if series else "row",
            )
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
        axes.set_aspect("equal")
        for axis, name in zip("xy", labels, strict=True):
            text = f"{scale.axis}, {name}"
            style.measure_axis(axes, style.plain(text, 60), axis, in_percent=scale.in_percent)
        style.legend_below(figure, [axes])
    return figure
