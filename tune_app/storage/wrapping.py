"""Lines of text that fit a terminal: broken between words, never inside of a command."""

from __future__ import annotations

import os
import re
from typing import TextIO

_PARTS = re.compile(r"( *)(`[^`]+`\S*|(?<=: )(?:tune-app|python -m) .*$|\S+)")
"""Spaces and what follows them whole: a word, or a command in backticks or after a colon."""
_COMMANDS = ("tune-app ", "python -m ")
_NARROWEST = 20


def terminal_width(stream: TextIO) -> int | None:
    """Return how many characters a line of a terminal has; None if the stream is no terminal."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return None
    return width if width >= _NARROWEST else None


def wrapped(text: str, width: int | None) -> str:
    """Return text whose lines are broken between words, with an indent where they go on.

    A word that is longer than a line is left whole: the terminal breaks it, and it can be copied.

    Args:
        text: lines of text.
        width: how many characters a line has; None leaves the text as it is.
    """
    if width is None:
        return text
    return "\n".join(
        _wrapped_line(line, width) if len(line) > width else line for line in text.split("\n")
    )


def _wrapped_line(line: str, width: int) -> str:
    if line.lstrip().startswith(_COMMANDS):
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    lines = [""]
    for match in _PARTS.finditer(line):
        spaces, part = match.groups()
        if lines[-1].strip() and len(lines[-1]) + len(spaces) + len(part) > width:
            lines.append(indent + part)
        else:
            lines[-1] += spaces + part
    return "\n".join(lines)
