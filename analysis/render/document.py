"""The report as data: sections of text, tables and figures, independent of the output format.

One document is rendered as Markdown, HTML and PDF. It holds plain text only, and each renderer
escapes the text for its format. So no text of a study is ever interpreted as markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.frames.labels import MISSING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_NUMBER = re.compile(
    rf"[-+−<]?[\d.]+(e[-+]?\d+)?[×%]?( ± <?[\d.]+(e[-+]?\d+)?)?( [†‡★])*|{MISSING}|inf|-inf|nan|"
)

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
        rows_id: name of the interactive figure that shows the same rows; empty if there is none.
    """

    name: str
    caption: str
    cells: Mapping[str, list[str]]
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    marked: frozenset[int] = frozenset()
    filters: tuple[str, ...] = ()
    rows_id: str = ""

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
        draw: returns the matplotlib figure.
        data: what the HTML draws interactively instead; empty if it shows the same figure.
        notes: footnotes.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Canvas]
    data: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


Block = Paragraph | Bullets | Table | Figure


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


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report.

    Attributes:
        title: of the report.
        subtitle: one line below it.
        warnings: what the reader must know first: the studies that are not finished.
        sections: its parts.
    """

    title: str
    subtitle: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def tables(self) -> list[Table]:
        """All tables, in reading order."""
        return [b for section in self.sections for b in section.walk() if isinstance(b, Table)]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in reading order."""
        return [b for section in self.sections for b in section.walk() if isinstance(b, Figure)]
