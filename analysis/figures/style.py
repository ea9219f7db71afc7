"""The look that all figures share: sizes, colours, axes, and files.

The series colours are those of Okabe & Ito, "Color Universal Design" (2008), which colour-blind
readers can distinguish. They are always combined with a marker or a line style. The HTML replaces
the colours named here with those of its light and dark theme.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, FAINT = "#1b1f24", "#5b6570", "#d5dae0"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
WIDTH = 7.2
"""Width of every figure in inches: the text width of the printed page."""
_PIXELS_PER_INCH = 200
_LETTER_WIDTH, _HANDLE_WIDTH = 0.065, 0.5
"""Widths in a legend, in inches: of an average letter, and of a line with its margins."""
_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "svg.hashsalt": "analysis",  # the same figure has the same identifiers each time
    "svg.fonttype": "path",
    "savefig.transparent": False,
}


def import_matplotlib() -> Any:
    """Import matplotlib without the user's settings, which may name a missing backend.

    A notebook sets ``MPLBACKEND`` for every process it starts. These figures need no backend.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    given = {name: os.environ.pop(name, None) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
    os.environ["MATPLOTLIBRC"] = os.devnull
    try:
        return importlib.import_module("matplotlib")
    finally:
        del os.environ["MATPLOTLIBRC"]
        os.environ |= {name: value for name, value in given.items() if value is not None}


@contextmanager
def _look() -> Iterator[None]:
    """Apply the settings of this module instead of the user's."""
    mpl = import_matplotlib()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


@contextmanager
def canvas(
    rows: int, columns: int, height: float, **options: Any
) -> Iterator[tuple[Figure, list[list[Axes]]]]:
    """Yield a figure with ``rows`` × ``columns`` axes in the common look; ``height`` in inches."""
    with _look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots(rows, columns, squeeze=False, **options).tolist()


def to_svg(figure: Figure) -> str:
    """Return the figure as SVG with a transparent background; the same figure, the same text."""
    return _saved(figure, "svg", transparent=True, metadata={"Date": None}).decode()


def to_png(figure: Figure) -> bytes:
    """Return the figure as a PNG on white, with 200 pixels per inch.

    It is drawn directly onto a canvas, because ``savefig`` draws everything twice.
    """
    from PIL import Image

    stream = io.BytesIO()
    with _look():
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure.set_facecolor("white")
        figure.set_dpi(_PIXELS_PER_INCH)
        agg: Any = FigureCanvasAgg(figure)
        agg.draw()
        pixels = Image.fromarray(np.asarray(agg.buffer_rgba())).convert("RGB")
    pixels.save(stream, "png", compress_level=3, dpi=(_PIXELS_PER_INCH, _PIXELS_PER_INCH))
    return stream.getvalue()


def _saved(figure: Figure, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    with _look():
        figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def plain(text: str, longest: int = 40) -> str:
    """Return text that matplotlib draws literally, without mathematics, cut to ``longest``."""
    text = text.replace("$", "\\$")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def percent_axis(axes: Axes, label: str, axis: str = "y") -> None:
    """Label an axis of fractions with percentages."""
    from matplotlib.ticker import FuncFormatter

    where = axes.yaxis if axis == "y" else axes.xaxis
    where.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 6):g}"))
    where.set_label_text(f"{label} (%)")


def measure_axis(axes: Axes, label: str, axis: str = "y", *, in_percent: bool) -> None:
    """Label an axis of a measure, with percentages if it is a share."""
    if in_percent:
        percent_axis(axes, label, axis)
    else:
        (axes.yaxis if axis == "y" else axes.xaxis).set_label_text(plain(label))


def epoch_axis(axes: Axes) -> None:
    """Label the x axis with whole epochs."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.set_xlabel("epoch")


def legend_below(figure: Figure, axes: Sequence[Axes]) -> None:
    """Add one legend for all axes below the figure."""
    entries: dict[str, Any] = {}
    for one in axes:
        for handle, name in zip(*one.get_legend_handles_labels(), strict=True):
            entries.setdefault(name, handle)
    if entries:
        # Every column is as wide as the longest name.
        width = _HANDLE_WIDTH + _LETTER_WIDTH * max(map(len, entries))
        figure.legend(
            list(entries.values()),
            list(entries),
            loc="outside lower center",
            ncols=min(4, len(entries), max(1, int(WIDTH / width))),
        )
