"""Draw each figure once, on all cores, for every renderer.

Most of a report's time is spent on drawing, and one Python process draws on one core only. The work
is done in forked processes: they share the studies with this one, and only the finished drawings
are pickled. A process with threads must not be forked. If this one has threads or has loaded Ray,
it draws the figures itself, one after the other.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from analysis.render.document import Figure

_FEWEST = 4
"""With fewer figures, starting processes costs more than it saves."""
_to_draw: list[Figure] = []


class Drawings:
    """The figures of one document as SVG and PNG.

    Args:
        figures: the figures to draw now; any other is drawn when it is first needed.
    """

    def __init__(self, figures: Sequence[Figure] = ()) -> None:
        self._drawn: dict[str, tuple[str, bytes]] = {}
        if len(figures) >= _FEWEST and _may_fork():
            self._drawn = _on_all_cores(figures)

    def svg(self, figure: Figure) -> str:
        """Return a figure as SVG."""
        return self._both(figure)[0]

    def png(self, figure: Figure) -> bytes:
        """Return a figure as PNG."""
        return self._both(figure)[1]

    def _both(self, figure: Figure) -> tuple[str, bytes]:
        if figure.name not in self._drawn:
            self._drawn[figure.name] = _draw(figure)
        return self._drawn[figure.name]


def _draw(figure: Figure) -> tuple[str, bytes]:
    from analysis.figures.style import import_matplotlib, to_png, to_svg

    import_matplotlib()
    canvas = figure.draw()
    svg = to_svg(canvas)
    # The first drawing has solved the layout. Solving it again for the PNG would take as long.
    canvas.set_layout_engine("none")
    return svg, to_png(canvas)


def _may_fork() -> bool:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return cores > 1 and threading.active_count() == 1 and "ray" not in sys.modules


def _on_all_cores(figures: Sequence[Figure]) -> dict[str, tuple[str, bytes]]:
    from analysis.figures.style import import_matplotlib

    import_matplotlib()
    import matplotlib.backends.backend_agg
    import matplotlib.backends.backend_svg  # noqa: F401  (imported once, before the processes)

    _to_draw[:] = figures
    num_processes = min(len(os.sched_getaffinity(0)), len(figures))
    fork = multiprocessing.get_context("fork")
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of the idle threads of numerical libraries. They survive a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            with ProcessPoolExecutor(num_processes, fork) as pool:
                drawn = list(pool.map(_draw_number, range(len(figures))))
    finally:
        _to_draw.clear()
    return {figure.name: both for figure, both in zip(figures, drawn, strict=True)}


def _draw_number(number: int) -> tuple[str, bytes]:
    return _draw(_to_draw[number])
