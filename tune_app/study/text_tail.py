"""The last lines of a text that a user's work wrote, short and safe to show.

The text may be megabytes of progress bars, and it may hold control characters with which a terminal
would do something else than print.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from search_spaces.errors import printable
from tune_app.study.bounded import read_end

_MOST_BYTES = 100_000
_LONGEST_LINE = 400
TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\0+")
"""Colours, movements of the cursor and titles of a terminal, and the content of a sparse file."""


class Tail(NamedTuple):
    """The end of a text.

    Attributes:
        lines: its last lines, printable and of at most 400 characters each.
        is_whole: whether these are all lines.
    """

    lines: tuple[str, ...]
    is_whole: bool


def read_tail(path: Path, most_lines: int) -> Tail | None:
    """Return the last lines of a file; None if it is empty or not a file that can be read."""
    try:
        content, has_more = read_end(path, _MOST_BYTES)
    except (OSError, ValueError):
        return None
    tail = tail_of(content.decode(errors="backslashreplace"), most_lines)
    if not tail.lines:
        return None
    # The first line may have lost its beginning.
    return Tail(tail.lines, tail.is_whole and not has_more)


def tail_of(text: str, most_lines: int) -> Tail:
    """Return the last lines of a text. Of a line that was overwritten, the last state counts."""
    lines = [_shown(line) for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return Tail(tuple(lines[-most_lines:]), len(lines) <= most_lines)


def _shown(line: str) -> str:
    plain = TERMINAL.sub("", line).rstrip()
    state = plain.rpartition("\r")[2].expandtabs(4)
    if len(state) > _LONGEST_LINE:
        state = state[: _LONGEST_LINE - 1] + "…"
    return printable(state)
