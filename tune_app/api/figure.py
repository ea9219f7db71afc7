"""A figure of a study: shown by a notebook, and saved in several formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, choices
from tune_app.storage.user_path import user_path
from tune_app.storage.whole_file import write_named

if TYPE_CHECKING:
    from analysis.figures.chart import Spec
    from analysis.render.document import Figure

_FORMATS = (".svg", ".png", ".html", ".json")
_VEGA_LITE = "application/vnd.vegalite.v6+json"


class StudyFigure:
    """A figure as the report draws it. A notebook shows it when it is the value of a cell.

    Attributes:
        caption: what it shows.
        alt: the same for readers who cannot see it.
    """

    def __init__(self, figure: Figure) -> None:
        from analysis.render.drawings import Drawings

        self._figure = figure
        self._drawings = Drawings()
        self.caption = figure.caption
        self.alt = figure.alt

    def __repr__(self) -> str:
        """Return the caption."""
        return f"<figure: {self.caption}>"

    @property
    def spec(self) -> Spec:
        """The figure as a Vega-Lite specification with its data, for Altair or an editor."""
        return self._drawings.chart(self._figure).complete()

    @property
    def svg(self) -> str:
        """The figure as SVG."""
        return self._drawings.svg(self._figure)

    def save(self, path: str | Path) -> Path:
        """Write the figure, in the format of the path's ending.

        Args:
            path: ``.svg``; ``.png``, on white; ``.json``, the Vega-Lite specification with its
                data; or ``.html``, a page that needs no network, in which the figure can be
                touched as in the report. A file that is there is replaced.

        Raises:
            UserError: the ending is another one, or the file cannot be written.
        """
        path = user_path(path)
        match path.suffix.lower():
            case ".svg":
                content = self.svg.encode(errors="backslashreplace")
            case ".png":
                content = self._drawings.png(self._figure)
            case ".json":
                content = json.dumps(self.spec, indent=1).encode()
            case ".html":
                content = self._page().encode(errors="backslashreplace")
            case _:
                raise UserError(
                    f"{path}: a figure has no such format; allowed: a name that ends in "
                    f"{choices(_FORMATS)}"
                )
        return write_named(path, content)

    def _page(self) -> str:
        from analysis.render.document import Document, Section
        from analysis.render.html import render_html

        section = Section(self.caption, (self._figure,))
        return render_html(Document(self.caption, "", (), (section,)), self._drawings)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return what a notebook shows: interactive where it can draw Vega-Lite, else the SVG."""
        return {_VEGA_LITE: self.spec, "image/svg+xml": self.svg, "text/plain": repr(self)}
