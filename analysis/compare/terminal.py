"""A comparison for the terminal: the answer first, then the beginning of each table."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator

from analysis.render.document import Bullets, Document, Figure, Paragraph, Section, Table

MOST_ROWS = 10
"""The terminal shows at most this many rows of a table."""
_FEW = 5
"""So many more rows are shown, too."""
_LONGEST_CELL = 48
_NARROW = 6
"""A heading is broken into lines of the width of its cells, or of this, if that is more."""
_GAP = "  "


def as_text(document: Document) -> str:
    """Return a document as plain text, as wide as the terminal."""
    width = max(40, min(shutil.get_terminal_size((120, 24)).columns, 120))
    lines = [document.subtitle, *document.warnings, ""]
    for section in document.sections:
        lines += _section(section, width, is_first=section is document.sections[0])
    return "\n".join(lines).rstrip()


def _section(section: Section, width: int, *, is_first: bool = False) -> Iterator[str]:
    if not is_first:
        yield section.title.upper()
    for block in section.blocks:
        match block:
            case Paragraph(text):
                yield from [*textwrap.wrap(text, width), ""]
            case Bullets(items):
                for item in items:
                    yield textwrap.fill(item, width, initial_indent="- ", subsequent_indent="  ")
                yield ""
            case Table():
                yield from _table(block, width)
            case Figure():
                pass
    for below in section.sections:
        yield from _section(below, width)


def _table(table: Table, width: int) -> Iterator[str]:
    shown = MOST_ROWS if len(table.lines) > MOST_ROWS + _FEW else len(table.lines)
    columns = [_column(heading, cells[:shown]) for heading, cells in table.cells.items()]
    fitting = _fitting(columns, width)
    height = max(len(column) for column in fitting) - shown
    yield from textwrap.wrap(table.caption, width)
    texts = [[""] * (height + shown - len(column)) + column for column in fitting]
    widths = [max(map(len, column)) for column in fitting]
    for number, line in enumerate(zip(*texts, strict=True)):
        if number == height:
            yield _GAP.join("-" * size for size in widths)
        yield _GAP.join(
            text.rjust(size) if number_column else text.ljust(size)
            for text, size, number_column in zip(line, widths, table.is_number, strict=False)
        ).rstrip()
    if rest := list(table.headings)[len(fitting) :]:
        yield f"... columns that do not fit: {', '.join(rest)}"
    if len(table.lines) > shown:
        yield f"... and {len(table.lines) - shown} more rows"
    yield ""


def _column(heading: str, cells: list[str]) -> list[str]:
    """Return the lines of a column: its heading, as narrow as it can be, and its cells."""
    width = max([_NARROW, *map(len, map(_short, cells))])
    return [*textwrap.wrap(heading, width, break_long_words=False), *map(_short, cells)]


def _fitting(columns: list[list[str]], width: int) -> list[list[str]]:
    """Return the first columns that fit into a width, at least one."""
    room = width + len(_GAP)
    for place, column in enumerate(columns):
        room -= max(map(len, column)) + len(_GAP)
        if room < 0:
            return columns[: max(place, 1)]
    return columns


def _short(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_CELL else f"{cell[: _LONGEST_CELL - 1]}…"
