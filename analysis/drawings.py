"""Drawings made once and used by every renderer."""

from __future__ import annotations

from analysis.document import Figure


class Drawings:
    """The figures of one document as SVG and PNG, each drawn when it is first asked for."""

    def __init__(self) -> None:
        self._svg: dict[str, str] = {}
        self._png: dict[str, bytes] = {}

    def svg(self, figure: Figure) -> str:
        """Return a figure as SVG."""
        if figure.name not in self._svg:
            self._draw(figure)
        return self._svg[figure.name]

    def png(self, figure: Figure) -> bytes:
        """Return a figure as PNG."""
        if figure.name not in self._png:
            self._draw(figure)
        return self._png[figure.name]

    def _draw(self, figure: Figure) -> None:
        from analysis.figures.style import to_png, to_svg

        canvas = figure.draw()
        self._svg[figure.name] = to_svg(canvas)
        # The layout stands after the first drawing; solving it again for the PNG costs as much.
        canvas.set_layout_engine("none")
        self._png[figure.name] = to_png(canvas)
