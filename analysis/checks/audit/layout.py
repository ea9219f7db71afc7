"""Find the headings and rows of a table in a file, whatever separates them.

Read are CSV with commas, semicolons or tabs, columns set apart by spaces, the tables of a Markdown
or LaTeX text, and JSON lines or lists of records, in UTF-8, UTF-16 or Latin-1.
"""

from __future__ import annotations

import csv
import io
import re
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from analysis.checks.audit.cells import MULTIPLES, SECONDS, read_number
from analysis.checks.audit.files import json_rows, text_of
from analysis.checks.audit.latex import TABULAR, rows_of
from search_spaces.errors import UserError

_RULE = re.compile(r"[\s|+=:-]*(?:--|==)[\s|+=:-]*")
"""A line that is drawn below headings."""
UNNAMED = "(no name)"
_MARKDOWN_RULE = re.compile(r"\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*")


class Cells(NamedTuple):
    """The cells of a table as text.

    Attributes:
        header: the headings, one per column.
        rows: the rows, each with as many cells.
        delimiter: what separates cells: a character, ``|`` in Markdown or ``&`` in LaTeX.
        remarks: what was passed over.
    """

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    remarks: list[str]


def read_cells(path: Path) -> Cells:
    """Read a file's first table.

    Raises:
        UserError: the file cannot be read, or has no table.
    """
    text = text_of(path)
    if text.lstrip()[:1] in ("{", "[") and (records := json_rows(text)):
        return _table(path, records, "{", [])
    if match := TABULAR.search(text):
        others = len(TABULAR.findall(text)) - 1
        return _table(path, rows_of(match[2]), "&", _passed_over(others))
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines[1:]) if _is_rule(line) and "|" in lines[i]]
    if starts:
        end = next((i for i in range(starts[0] + 2, len(lines)) if "|" not in lines[i]), len(lines))
        rows = [_markdown(line) for line in (lines[starts[0]], *lines[starts[0] + 2 : end])]
        return _table(path, rows, "|", _passed_over(len(starts) - 1))
    drawn = [line for line in lines if line.startswith("|")]
    if drawn and sum(line.startswith(("+-", "+=")) for line in lines) > 1:
        return _table(path, [_markdown(line) for line in drawn], "|", [])
    lines = [line for line in lines if line.strip() and not _RULE.fullmatch(line)]
    if not re.search(r"[,;\t|]", text) and (aligned := _aligned(lines)):
        return _table(path, aligned, " ", [])
    first = next(iter(lines), "")
    delimiter = max("\t;,|", key=first.count)
    if not first.count(delimiter):
        delimiter = max("\t;,", key=text.count)
    is_piped = delimiter == "|"
    rows = [_markdown(line) for line in lines] if is_piped else _separated(path, text, delimiter)
    return _table(path, rows, delimiter, [])


def _aligned(lines: list[str]) -> list[list[str]]:
    """Return the cells of columns set apart by two spaces or more; none if there are not two.

    Where rows differ in their number of cells, some are empty, as in what pandas and scikit-learn
    print: then a column begins where two spaces stand above each other in all lines.
    """
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    if len({len(row) for row in rows} - {1}) == 1:
        return rows
    several = [line for line, row in zip(lines, rows, strict=True) if len(row) > 1]
    used = "".join(
        " x"[any(map(str.strip, place))] for place in zip_longest(*several, fillvalue=" ")
    )
    spans = [column.span() for column in re.finditer(r"x+(?: x+)*", used)]
    if len(spans) < 2:
        return []
    return [
        [line[start:end].strip() for start, end in spans] if len(row) > 1 else row
        for line, row in zip(lines, rows, strict=True)
    ]


def _separated(path: Path, text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UserError(f"{path}: not a CSV file ({error}); save it as CSV") from None


def _passed_over(others: int) -> list[str]:
    return [f"the file's first table was read, {others} more left out"] if others > 0 else []


def _table(path: Path, rows: list[list[str]], delimiter: str, remarks: list[str]) -> Cells:
    rows = [[cell.strip() for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    widest = max((sum(map(bool, row)) for row in rows), default=0)
    start = next(
        (
            i
            for i, row in enumerate(rows)
            if sum(map(bool, row)) >= min(2, widest) or (widest == 2 and not row[0])
        ),
        0,
    )
    if start:
        remarks = [*remarks, f"lines above the headings, left out: {start}"]
    rows = rows[start:]
    if len(rows) < 2:
        raise UserError(f"{path}: no rows; its first line names the columns, the others are rows")
    filled = max(max((i + 1 for i, cell in enumerate(row) if cell), default=0) for row in rows)
    rows = [(row + [""] * filled)[:filled] for row in rows]
    if joined := _joined_headings(rows):
        rows = [joined, *rows[2:]]
    named = max(i + 1 for i, cell in enumerate(rows[0]) if cell)
    for number, row in enumerate(rows[1:], 1):
        if sum(bool(cell) for cell in row[named:]) and delimiter == "," and named > 1:
            raise UserError(
                f"{path}: row {number} has more cells than the {named} headings of the first line; "
                f"quote cells that hold a {delimiter!r}"
            )
    rows, filled_in = _filled_down(rows)
    remarks = [*remarks, *filled_in]
    header = [heading or UNNAMED for heading in rows[0]]
    return Cells(header, rows[1:], delimiter, remarks)


def _joined_headings(rows: list[list[str]]) -> list[str] | None:
    """Join two lines of headings: groups of columns and their parts, or headings and their units.

    The second line has no numbers where the lines below have, and repeats itself from group to
    group. A group's name stands over its first column, over all, or over a middle one. Columns of
    names may be headed in the second line alone.
    """
    above, below = rows[0], rows[1]
    if len(rows) < 3 or any(map(_is_number, below)):
        return None
    have_numbers = [any(map(_is_number, column)) for column in zip(*rows[2:], strict=True)]
    places = [i for i, cell in enumerate(below) if cell and above[i] != cell]
    named_below = [i for i in places if not above[i] and not have_numbers[i]]
    places = [i for i in places if i not in named_below]
    if not places or not all(have_numbers[i] for i in places):
        return None
    joined = [below[i] if i in named_below else cell for i, cell in enumerate(above)]
    names = [above[i] for i in places if above[i]]
    if len(names) == len(places) and all(_is_unit(below[i]) for i in places):
        for i in places:
            joined[i] = f"{above[i]} ({below[i].strip('()[]')})"
        return joined
    are_spread = bool(names) and len(places) % len(names) == 0
    if not (are_spread or above[places[0]]) or len(places) <= len(set(names)):
        return None
    groups: list[str] = []
    for place, i in enumerate(places):
        spread = names[min(place * len(names) // len(places), len(names) - 1)]
        groups.append((above[i] or groups[-1]) if above[places[0]] else spread)
    for i, group in zip(places, groups, strict=True):
        joined[i] = f"{below[i]} {group}"
    return joined


def _is_unit(cell: str) -> bool:
    return cell.strip("()[]").lower() in ("%", "-", "–", *SECONDS, *MULTIPLES)


def _filled_down(rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Give empty cells of the first column the text above them: spreadsheets merge such cells."""
    names = [row[0] for row in rows]
    empty = [i for i in range(2, len(rows)) if not names[i] and sum(map(bool, rows[i])) > 1]
    if not rows[0][0] or not names[1] or not empty or any(map(_is_number, names[1:])):
        return rows, []
    filled: list[list[str]] = []
    for i, row in enumerate(rows):
        filled.append([filled[-1][0], *row[1:]] if i in empty else row)
    return filled, [f"empty cells of {rows[0][0]} take the text above them: {len(empty)}"]


def _is_number(cell: str) -> bool:
    return read_number(cell).digit > 0


def _is_rule(line: str) -> bool:
    return "-" in line and "|" in line and bool(_MARKDOWN_RULE.fullmatch(line))


def _markdown(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip())
    if cells and not cells[0].strip():
        cells = cells[1:]
    if len(cells) > 1 and not cells[-1].strip():
        cells = cells[:-1]
    return [cell.replace("\\|", "|") for cell in cells]
