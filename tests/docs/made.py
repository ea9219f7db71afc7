"""Parts of pages that a command writes, between a mark that names the command and an end mark."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence

from analysis.render.markdown import escape

WIDTH = 120
_BESIDE = "\0%"
END = "<!-- end of what it made -->"


def mark(command: str, part: str) -> str:
    """Return the mark above a part."""
    return f"<!-- made by {command}: {part} -->"


def filled(page: str, command: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with every part of it written anew.

    Args:
        page: its text.
        command: the command that the marks name.
        parts: name of a part -> what stands in it.

    Raises:
        KeyError: a mark names a part that there is not.
    """
    pattern = rf"(<!-- made by {re.escape(command)}: (\w+) -->\n).*?({re.escape(END)})"

    def write(found: re.Match[str]) -> str:
        return f"{found[1]}\n{parts[found[2]]()}\n\n{found[3]}"

    return re.sub(pattern, write, page, flags=re.DOTALL)


def wrapped(text: str, first: str = "", further: str = "") -> str:
    """Return a paragraph in lines of a page's width, with its per cents beside their numbers.

    Args:
        text: the paragraph.
        first, further: what the first line and all others begin with.
    """
    lines = textwrap.fill(
        text.replace(" %", _BESIDE),
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_BESIDE, " %")


def bullets(texts: Iterable[str]) -> str:
    """Return a list whose items are wrapped."""
    return "\n".join(wrapped(text, "- ", "  ") for text in texts)


def table(
    headings: Sequence[str], lines: Iterable[Sequence[str]], numbers: Sequence[str] = ()
) -> str:
    """Return a table without padding, so that a change of one cell changes one line.

    Args:
        headings: the headings.
        lines: the rows.
        numbers: the headings of columns that are aligned to the right.
    """
    rules = ["---:" if heading in numbers else "---" for heading in headings]
    cells = [[escape(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rules, *cells])
