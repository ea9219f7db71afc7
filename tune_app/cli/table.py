"""Tables of text: numbers are aligned, and a table that is too wide is folded to fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from search_spaces.errors import one_line
from tune_app.storage.wrapping import wrapped
from tune_app.study.measures import Measures
from tune_app.study.objective import finite_number

_GAP = "  "
_ROWS_OF_A_GROUP = 4
"""A factor becomes a heading only if so many rows stand below each of them on average."""
_MOST_DECIMALS = 5


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: its heading.
        cells: its texts, one for each row.
        is_number: whether they are numbers, to be aligned on the right.
        is_factor: whether it is a parameter, which can stand above or below a row instead.
    """

    name: str
    cells: Sequence[str]
    is_number: bool = False
    is_factor: bool = False

    def heading(self, *, folded: bool) -> tuple[str, str]:
        """Return the two lines of the heading; the first one is empty if it is not folded."""
        words = self.name.split("_")
        if not folded or len(words) < 2:
            return "", self.name
        halves = [("_".join(words[:n]) + "_", "_".join(words[n:])) for n in range(1, len(words))]
        return min(halves, key=lambda pair: max(map(len, pair)))

    def width(self, *, folded: bool) -> int:
        """Return how many characters the column has."""
        return max(map(len, (*self.heading(folded=folded), *self.cells)))


def table_lines(columns: Sequence[Column], width: int | None) -> Iterator[str]:
    """Yield a table, folded step by step until it fits.

    What is the same in all rows is said once, then headings take two lines, then the first factors
    become headings of groups of rows, and last each row has its factors on lines below it.

    Args:
        columns: the columns, with as many cells each.
        width: how many characters a line has; None if there is no limit.
    """
    columns = [
        column._replace(name=one_line(column.name), cells=[one_line(c) for c in column.cells])
        for column in columns
    ]
    if width is None or _fits(columns, width, folded=False):
        yield from _group_lines(columns, [], folded=False)
        return
    same = [column for column in columns if len(column.cells) > 1 and len(set(column.cells)) == 1]
    if same:
        said = ", ".join(f"{column.name} {column.cells[0]}" for column in same)
        yield wrapped(f"in all rows: {said}", width)
    columns = [column for column in columns if column not in same]
    if same and columns:
        yield ""
    folded = not _fits(columns, width, folded=False)
    heads: list[Column] = []
    rest = list(columns)
    while not _fits(rest, width, folded=folded):
        factor = next((column for column in rest if column.is_factor), None)
        if factor is None or len(rest) == 1 or not _groups_well([*heads, factor]):
            yield from _record_lines(columns, width)
            return
        heads.append(factor)
        rest.remove(factor)
    yield from _group_lines(rest, heads, folded=folded)


def value_texts(values: Sequence[Any]) -> list[str]:
    """Return the values of a parameter, with the fewest digits from 4 on that tell them apart."""
    floats = {value for value in values if isinstance(value, float)}
    digits = next(
        (n for n in range(4, 17) if len({f"{v:.{n}g}" for v in floats}) == len(floats)), 17
    )
    return [f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in values]


def measure_texts(
    measures: Measures, name: str, values: Sequence[object], seen: Sequence[object] = ()
) -> list[str]:
    """Return the values of a measure with the same number of decimals; ``-`` where there is none.

    Values so different that this would take many decimals have four digits each.

    Args:
        measures: the measures of the study.
        name: the measure.
        values: its values in the column.
        seen: its other values in the study, which tell whether it is a share.
    """
    numbers = [finite_number(value) for value in values]
    known = [number for number in numbers if number is not None]
    short = [f"{number:.4g}" for number in known]
    decimals = max((len(text.partition(".")[2]) for text in short), default=0)
    is_plain = decimals <= _MOST_DECIMALS and not any("e" in text for text in short)
    seen = [*known, *seen]
    if measures.is_share(name, seen) or not is_plain:
        return ["-" if n is None else measures.text(name, n, seen) for n in numbers]
    unit = measures.unit(name)
    return ["-" if n is None else f"{n:.{decimals}f} {unit}".rstrip() for n in numbers]


def _fits(columns: Sequence[Column], width: int, *, folded: bool) -> bool:
    widths = [column.width(folded=folded) for column in columns]
    return sum(widths) + len(_GAP) * (len(widths) - 1) <= width


def _groups_well(heads: Sequence[Column]) -> bool:
    rows = list(zip(*(column.cells for column in heads), strict=True))
    return sum(1 for _ in groupby(rows)) * _ROWS_OF_A_GROUP <= len(rows)


def _group_lines(
    columns: Sequence[Column], heads: Sequence[Column], *, folded: bool
) -> Iterator[str]:
    """Yield a table, with a heading wherever a value of ``heads`` changes."""
    if not columns:
        return
    widths = [column.width(folded=folded) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for column, cell, width in zip(columns, cells, widths, strict=True)
        )
        return _GAP.join(padded).rstrip()

    above, heading = zip(*(column.heading(folded=folded) for column in columns), strict=True)
    if any(above):
        yield line(above)
    yield line(heading)
    lines = map(line, _rows(columns))
    if not heads:
        yield from lines
        return
    for values, group in groupby(zip(_rows(heads), lines, strict=True), key=itemgetter(0)):
        yield from ("", ", ".join(f"{c.name} {v}" for c, v in zip(heads, values, strict=True)))
        yield from (text for _, text in group)


def _record_lines(columns: Sequence[Column], width: int) -> Iterator[str]:
    """Yield rows with their factors below them, as ``name=value``."""
    others = [column for column in columns if not column.is_factor] or columns[:1]
    factors = [column for column in columns if column not in others]
    header, *lines = _group_lines(others, [], folded=False)
    yield header
    for place, line in enumerate(lines):
        yield line
        if factors:
            pairs = " ".join(f"{column.name}={column.cells[place]}" for column in factors)
            yield from wrapped(f"     {pairs}", width).split("\n")


def _rows(columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    return zip(*(column.cells for column in columns), strict=True)
