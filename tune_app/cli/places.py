"""Where things lie, in words that can be pasted into a shell."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Mapping
from pathlib import Path

from search_spaces.errors import one_line
from tune_app.storage.store import StudyStore

MOST_LISTED = 20


def short_path(store: StudyStore, path: Path) -> str:
    """Return a path of a study, relative to the working directory if it is inside; or its URL."""
    if store.at_url or not path.is_relative_to(Path.cwd()):
        return store.place_of(path)
    return str(path.relative_to(Path.cwd()))


def shell_word(store: StudyStore, path: Path) -> str:
    """Return a path of a study, as short as it can be, as one word of a shell's command."""
    short = short_path(store, path)
    return shlex.quote(f"./{short}" if short.startswith("-") else short)


def limit_lines(lines: list[str]) -> list[str]:
    """Return the first of many lines, and how many there are besides."""
    rest = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], f"and {rest} more"] if rest > 0 else lines


def failure_lines(store: StudyStore, failures: Mapping[str, str]) -> list[str]:
    """Return why trials failed, and where their tracebacks are, a line each.

    Args:
        store: the study's.
        failures: name of a trial's directory -> why it has not done its work.
    """
    lines = []
    for name, reason in list(failures.items())[:MOST_LISTED]:
        files = sorted(store.root.glob(f"tune/*/{glob.escape(name)}/error.txt"))
        place = shell_word(store, files[-1]) if files else ""
        # A study may come from somebody else, and with it names that would steer the terminal.
        traceback = f" (traceback: {place})" if place and place.isprintable() else ""
        lines.append(one_line(f"failed: {name}: {reason}") + traceback)
    rest = len(failures) - MOST_LISTED
    return [*lines, f"and {rest} more failed trials"] if rest > 0 else lines
