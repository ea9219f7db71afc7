"""A grid of small images, each with a short text below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 6


def draw_pictures(images: NDArray[np.uint8], texts: Sequence[str]) -> Figure:
    """Draw grey images in rows of six, each with its text below.

    Args:
        images: (num, height, width), 0 black to 255 white; at least one.
        texts: one per image, with line breaks between lines.
    """
    rows = -(-len(images) // _COLUMNS)
    num_lines = max(1 + text.count("\n") for text in texts)
    with style.canvas(rows, _COLUMNS, rows * (1.1 + 0.14 * num_lines)) as (figure, grid):
        places = [axes for line in grid for axes in line]
        for axes, image, text in zip(places, images, texts, strict=False):
            # Without resampling every form of the report shows the pixels themselves.
            axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
            lines = "\n".join(style.plain(line, 22) for line in text.split("\n"))
            axes.set_xlabel(lines, fontsize=7, color=style.INK)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for axes in places[len(images) :]:
            axes.set_axis_off()
    return figure
