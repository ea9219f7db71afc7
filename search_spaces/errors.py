"""The one exception for mistakes that the person at the keyboard can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can mend.

    The message is one line: what is wrong, where, what is allowed, what to do. Command-line entry
    points print it without a traceback and exit with status 2.
    """


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``"; did you mean 'lr'?"`` for the closest allowed word, or an empty string."""
    close = difflib.get_close_matches(word, list(allowed), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def choices(allowed: Iterable[object]) -> str:
    """Return the allowed values as one readable list: ``adam, sgd``."""
    return ", ".join(str(value) for value in allowed)
