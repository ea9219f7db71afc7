"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DARK, _LIGHT = "#10202f", "#fefefe"


def draw_confusion(
    matrices: Sequence[tuple[str, NDArray[np.int64]]], names: Sequence[str]
) -> Figure:
    """Draw confusion matrices side by side: counts, shaded by the share of the true class.

    Args:
        matrices: the title and the (classes, classes) counts of a panel, one line per true class.
        names: the names of the classes.
    """
    longest = max(map(len, names))
    with style.canvas(1, max(len(matrices), 2), 3.5 + 0.06 * longest) as (figure, grid):
        for axes, (title, matrix) in zip(grid[0], matrices, strict=False):
            totals = matrix.sum(axis=1, keepdims=True)
            shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
            axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors=_LIGHT, linewidth=0.5)
            for (row, column), count in np.ndenumerate(matrix):
                if count:
                    colour = _LIGHT if shares[row, column] > 0.5 else _DARK
                    place = (column + 0.5, row + 0.5)
                    axes.annotate(
                        str(count), place, ha="center", va="center", fontsize=6.5, color=colour
                    )
            axes.set_title(style.plain(title))
            axes.set_xlabel("predicted")
            places = np.arange(len(names)) + 0.5
            rotation = 90 if longest > 2 else 0
            axes.set_xticks(places, [style.plain(name, 14) for name in names], rotation=rotation)
            axes.set_yticks(places, [style.plain(name, 14) for name in names])
            axes.invert_yaxis()
            axes.set_aspect("equal")
            axes.grid(visible=False)
            axes.tick_params(length=0, labelsize=7)
        grid[0][0].set_ylabel("true")
        for axes in grid[0][len(matrices) :]:
            axes.set_axis_off()
    return figure
