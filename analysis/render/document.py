"""The report as data: sections of text, tables and figures, independent of the output format.

One document is rendered as Markdown, HTML and PDF. It holds plain text only, and each renderer
escapes the text for its format. So no text of a study is ever interpreted as markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from analysis.frames.labels import MISSING

if TYPE_CHECKING:
    from analysis.figures.chart import Chart

_PLAIN = r"(\d{1,3}(,\d{3})+|[\d.]+(e[-+]?\d+)?)"
_NUMBER = re.compile(rf"([-+−]|< ?)?{_PLAIN}[×%]?( ± <?{_PLAIN})?( [†‡★])*|{MISSING}|inf|-inf|nan|")

_SENTENCE = 60
"""Cells with more characters than this are sentences."""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it is printed, and the frame behind it.

    Attributes:
        name: stem of its files; unique in a document.
        caption: what it shows, one sentence.
        cells: heading -> printed cells, all of the same length.
        frame: the numbers, unrounded, for the CSV file.
        notes: footnotes.
        marked: positions of the rows that are highlighted.
        filters: headings of the columns that the HTML can be filtered by.
        rows_id: name of the rows that figures show too (``Chart.rows``): what is selected in them
            is shown here; empty if there are none.
        same_as: ``id`` of a row -> that of the row whose result it repeats, which figures show.
        panels: for each row the name of its panel, to which its last cell leads; "" if it has none.
    """

    name: str
    caption: str
    cells: Mapping[str, list[str]]
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    marked: frozenset[int] = frozenset()
    filters: tuple[str, ...] = ()
    rows_id: str = ""
    same_as: Mapping[str, str] = field(default_factory=dict)
    panels: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The printed headings."""
        return tuple(self.cells)

    @cached_property
    def lines(self) -> list[tuple[str, ...]]:
        """The printed rows."""
        return list(zip(*self.cells.values(), strict=True))

    @cached_property
    def is_prose(self) -> bool:
        """Whether cells hold sentences, so that rows are read one by one and not compared."""
        longest = max((len(cell) for column in self.cells.values() for cell in column), default=0)
        return longest > _SENTENCE and not self.filters

    @cached_property
    def is_number(self) -> tuple[bool, ...]:
        """Which columns hold numbers only and are aligned to the right."""
        return tuple(all(map(_NUMBER.fullmatch, column)) for column in self.cells.values())


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, drawn when a renderer asks for it.

    Attributes:
        name: stem of its files; unique in a document.
        caption: what it shows.
        alt: the same for readers who cannot see it: axes, ranges, the finding.
        draw: returns the figure as data, which every form of the report draws.
        notes: footnotes.
        is_wide: whether the HTML gives it the whole width, and does not set it beside another.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Chart]
    notes: tuple[str, ...] = ()
    is_wide: bool = False


@dataclass(frozen=True)
class Code:
    """Lines to copy, printed as they are.

    Attributes:
        lines: the lines.
    """

    lines: tuple[str, ...]


Block = Paragraph | Bullets | Code | Table | Figure


@dataclass(frozen=True, eq=False)
class Section:
    """A heading, its blocks and the sections below it."""

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Block]:
        """Yield all blocks, in reading order."""
        yield from self.blocks
        for section in self.sections:
            yield from section.walk()


@dataclass(frozen=True)
class Facts:
    """Names with their values.

    Attributes:
        title: what they are.
        pairs: the names and values.
    """

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Lines:
    """A text of several lines, printed as it is.

    Attributes:
        title: what it is.
        lines: its lines.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Sparkline:
    """A small curve.

    Attributes:
        title: what it shows, in words.
        points: x and y from 0 to 1, from left to right; a larger y is higher.
    """

    title: str
    points: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        """The points as the path of an SVG that is 160 wide and 32 high."""
        places = (f"{2 + 156 * x:.1f},{30 - 28 * y:.1f}" for x, y in self.points)
        return f"M{'L'.join(places)}"


@dataclass(frozen=True)
class PanelRow:
    """One row of a panel: a configuration at a seed.

    Attributes:
        title: its seed and status.
        trials: the names of its trial's directories.
        parts: what is kept of it.
    """

    title: str
    trials: tuple[str, ...]
    parts: tuple[Facts | Lines | Sparkline, ...]


@dataclass(frozen=True)
class Panel:
    """What is kept of a configuration. The HTML shows it after a click; other forms have none.

    Attributes:
        name: its identifier; unique in a document.
        title: the configuration in words.
        configuration: all of its parameters.
        rows: its rows, one per seed.
        more: the command that prints more.
    """

    name: str
    title: str
    configuration: Facts
    rows: tuple[PanelRow, ...]
    more: str


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report.

    Attributes:
        title: of the report.
        subtitle: one line below it.
        warnings: what the reader must know first: the studies that are not finished.
        sections: its parts.
        panels: returns what is kept of single configurations, for the HTML.
    """

    title: str
    subtitle: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    panels: Callable[[], tuple[Panel, ...]] = tuple

    @property
    def tables(self) -> list[Table]:
        """All tables, in reading order."""
        return [b for section in self.sections for b in section.walk() if isinstance(b, Table)]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in reading order."""
        return [b for section in self.sections for b in section.walk() if isinstance(b, Figure)]
