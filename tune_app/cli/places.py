"""Paths and failures of a study, in a form that can be pasted into a shell."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Mapping
from pathlib import Path

from search_spaces.errors import UserError, one_line
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.storage.user_path import is_file
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.trial_directory import OUTPUT_FILE, launch_order

MOST_LISTED = 20
_RESULTS = "results"
"""The folder that ``tune-app run`` puts studies into if it is given no other."""


def short_path(store: StudyStore, path: Path) -> str:
    """Return a path in a study: relative if it is in the working directory, or its URL or
    its published name.
    """
    by_name = store.at_url or (store.is_read_only and path == store.root)
    if by_name or not path.is_relative_to(Path.cwd()):
        return store.place_of(path)
    return str(path.relative_to(Path.cwd()))


def shell_word(store: StudyStore, path: Path) -> str:
    """Return a path in a study, as short as possible and quoted as one word for a shell."""
    short = short_path(store, path)
    return shlex.quote(f"./{short}" if short.startswith("-") else short)


def study_at(store: StudyStore) -> Ledger:
    """Return the study that a store holds.

    Raises:
        UserError: it holds none, or one that cannot be read.
    """
    ledger = open_ledger(store)
    if ledger is None:
        raise missing_study(store)
    return ledger


def missing_study(store: StudyStore, then: str = "") -> UserError:
    """Return the mistake that a place holds no study.

    Args:
        store: the place.
        then: what follows from it, such as ``, so nothing is deleted``.
    """
    meant = Path(_RESULTS, store.root.name)
    is_there = not store.at_url and is_file(meant / STUDY_FILE)
    allowed = f"did you mean {meant}?" if is_there else "give its directory, e.g. results/q1a"
    return UserError(f"{store.place}: no study there (it has no {STUDY_FILE}){then}; {allowed}")


def running_since(store: StudyStore) -> float | None:
    """Return when the driver that runs a study locked it; None if none does or it is unknown."""
    try:
        holder = store.holder()
    except OSError:  # a folder of another user: the study can be read all the same
        return None
    return None if holder is None else holder.since


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 row``, ``8 rows``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def limit_lines(lines: list[str]) -> list[str]:
    """Return the first lines, and a line with the number of those left out."""
    rest = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], f"and {rest} more"] if rest > 0 else lines


def failure_lines(
    store: StudyStore, failures: Mapping[str, str], most: int = MOST_LISTED
) -> list[str]:
    """Return one line per failed trial: its reason and the path of its traceback.

    Args:
        store: where the study is kept.
        failures: name of a trial's directory -> why the trial failed.
        most: how many are named.
    """
    lines = []
    for name, reason in list(failures.items())[:most]:
        files = store.root.glob(f"tune/*/{glob.escape(name)}/error.txt")
        newest = max(files, key=lambda file: launch_order(file.parent.parent.name), default=None)
        lines.append(one_line(f"failed: {name}: {reason}") + _files_of(store, newest))
    rest = len(failures) - most
    return [*lines, f"and {rest} more failed trials"] if rest > 0 else lines


def _files_of(store: StudyStore, error: Path | None) -> str:
    """Return where the traceback and the output of a failed trial are."""
    if error is None:
        return ""
    output = error.with_name(OUTPUT_FILE)
    named = [f"traceback: {shell_word(store, error)}"]
    named += [f"output: {shell_word(store, output)}"] if output.is_file() else []
    text = f" ({', '.join(named)})"
    # A study from somebody else may hold names with control characters for the terminal.
    return text if text.isprintable() else ""
