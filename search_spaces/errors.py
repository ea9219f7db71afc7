"""The exception for mistakes that a user can correct, and helpers for its messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST_MESSAGE = 1_500


class UserError(Exception):
    """A mistake that the user can correct.

    The message is one line: what is wrong, where, what is allowed, what to do. Commands print it
    without a traceback and exit with status 2. Messages quote what users wrote, so line breaks and
    control characters are removed or escaped here (:func:`one_line`).
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook shows: the message alone, as a command prints it."""
        return [f"error: {self}"]


def one_line(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """Return a text as one printable line; of a very long text, its beginning and its end.

    Args:
        text: the text.
        longest: its most characters.
    """
    flat = printable(" ".join(text.split()))
    if len(flat) > longest:
        half = longest // 2
        flat = f"{flat[:half]} … {flat[-half:]}"
    return flat


def printable(text: str) -> str:
    """Return a text whose control characters and the like are escaped, as in ``\\x1b``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: str, allowed: Iterable[str], similarity: float = 0.6) -> str:
    """Return ``"; did you mean 'lr'?"`` for the closest allowed word, or an empty string."""
    close = difflib.get_close_matches(word, list(allowed), n=1, cutoff=similarity)
    return f"; did you mean {close[0]!r}?" if close else ""


def choices(allowed: Iterable[object]) -> str:
    """Return the allowed values as one text: ``adam, sgd``."""
    return ", ".join(str(value) for value in allowed)
