"""Render the report, or one of its tables, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from analysis.render.document import (
    Block,
    Bullets,
    Code,
    Document,
    Figure,
    Paragraph,
    Section,
    Table,
)
from search_spaces.errors import one_line

MOST_ROWS = 200
"""The report shows at most this many rows of a table; the table's own files have all."""
_MARKUP = {"\\": "\\\\", "|": "\\|", "*": "\\*", "<": "&lt;", "`": "'", "[": "\\[", "]": "\\]"}
_MARKUP |= {"~": "\\~", "$": "\\$"}
_OUTER = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Within a word, as in ``val_rmse``, an underscore is no markup."""
_LONGEST_ALTERNATIVE = 20_000
_LINE_START = re.compile(r"^(?=[#>*+\-=~]|\d+[.)])")


def escape(text: object) -> str:
    """Return text for a table cell, without markup, links or control characters."""
    return _harmless(one_line(str(text)))


def alternative(figure: Figure) -> str:
    """Return the words that stand for a figure: a sentence for each of its lines, none cut."""
    return _harmless(one_line(figure.alt, longest=_LONGEST_ALTERNATIVE))


def _harmless(text: str) -> str:
    for mark, harmless in _MARKUP.items():
        text = text.replace(mark, harmless)
    return _OUTER.sub(r"\\_", text)


def paragraph(text: str) -> str:
    """Return text as one paragraph, even if it begins like a list or a heading."""
    return _LINE_START.sub(r"\\", escape(text))


def render_markdown(document: Document) -> str:
    """Return a whole report."""
    parts = [f"# {escape(document.title)}", paragraph(document.subtitle)]
    parts += [f"> **{escape(warning)}**" for warning in document.warnings]
    for section in document.sections:
        parts += _section(section, level=2)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, level: int) -> list[str]:
    parts = [f"{'#' * level} {escape(section.title)}"]
    parts += [_block(block) for block in section.blocks]
    for below in section.sections:
        parts += _section(below, level + 1)
    return parts


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return paragraph(text)
        case Bullets(items):
            return "\n".join(f"- {escape(item)}" for item in items)
        case Code(lines):
            return "\n".join(["```", *(line.replace("`", "'") for line in lines), "```"])
        case Figure():
            image = f"![{alternative(block)}](figures/{block.name}.svg)"
            return "\n\n".join([image, f"*{escape(block.caption)}*", *map(paragraph, block.notes)])
        case Table():
            return table_markdown(block, MOST_ROWS)


def table_markdown(table: Table, most_rows: int | None = None) -> str:
    """Return a table with its caption above and its notes below."""
    lines = table.lines[:most_rows]
    parts = [f"*{escape(table.caption)}*", markdown_table(table.headings, lines, table.is_number)]
    if len(lines) < len(table.lines):
        parts.append(
            f"The first {len(lines)} of {len(table.lines)} rows. All rows are in "
            f"tables/{table.name}.md and, with every column, in tables/{table.name}.csv."
        )
    return "\n\n".join([*parts, *map(paragraph, table.notes)])


def markdown_table(
    headings: Sequence[str], lines: Sequence[Sequence[str]], is_number: Sequence[bool]
) -> str:
    """Return rows of plain cells as a Markdown table; columns of numbers are right-aligned."""
    if not lines:
        return "No rows."
    frame = pd.DataFrame([[escape(cell) for cell in line] for line in lines], dtype="str")
    # Without disable_numparse an identifier such as 3e45678901 would be printed as a number.
    return str(
        frame.to_markdown(
            index=False,
            headers=[escape(heading) for heading in headings],
            disable_numparse=True,
            colalign=["right" if number else "left" for number in is_number],
        )
    )
