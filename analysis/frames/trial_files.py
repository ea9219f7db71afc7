"""The files Ray Tune leaves for each trial, read as they are: JSON and text, nothing else.

A study can be read at any moment, also while it runs and after it was killed, so a line of
``result.json`` may be torn and files may be missing. Nothing is unpickled and symbolic links are
not followed, so a directory received from someone else cannot make this module run code or read
files outside it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_app.study.json_text import parse_json

Record = dict[str, Any]

_EXCEPTION = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt|Exit)\b.*$", re.MULTILINE)
_ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST_REASON = 200
_ATTEMPT = "Failure # "
"""Tune's own list of attempts, copied while they go on; the driver writes the final error."""


@dataclass(frozen=True)
class TrialDirectory:
    """What one directory of one launch holds.

    Attributes:
        launch: name of the launch, which orders the directories of a trial.
        name: name of the directory, or of the trial where there is none.
        config: Tune's config of the trial, flattened, without its plan.
        plan: the trial's plan (``trial_key``, ``milestones``, ``serves``); empty when unknown.
        records: the reported results, in the order they were written.
        error: why Tune gave the trial up, in one line; empty when it did not, as after an attempt
            that was to be followed by another.
        done: whether Tune itself says the trial ended regularly (known for live trials only).
        path: the directory, or None for results that never were in one.
        num_unreadable: lines of ``result.json`` that are no JSON object, a torn end not counted.
    """

    launch: str
    name: str
    config: Record
    plan: Record
    records: list[Record]
    error: str = ""
    done: bool = False
    path: Path | None = None
    num_unreadable: int = 0


def scan(study: Path) -> tuple[list[TrialDirectory], list[str]]:
    """Read every trial directory under ``<study>/tune``, ordered by launch and name.

    Returns:
        The directories, and one note for each thing that was left out.
    """
    directories: list[TrialDirectory] = []
    notes: list[str] = []
    for launch in _subdirectories(study / "tune", study, notes):
        for path in _subdirectories(launch, study, notes):
            directory = read_directory(path, launch.name)
            if directory is None:
                continue
            directories.append(directory)
            where = path.relative_to(study).as_posix()
            if directory.num_unreadable:
                lines = "line" if directory.num_unreadable == 1 else "lines"
                notes.append(f"{where}/result.json: {directory.num_unreadable} unreadable {lines}")
            if not directory.plan:
                notes.append(f"{where}: no plan in params.json, so it serves no row")
    return directories, notes


def _subdirectories(parent: Path, study: Path, notes: list[str]) -> list[Path]:
    where = parent.relative_to(study).as_posix()
    if parent.is_symlink():
        notes.append(f"{where}: a symbolic link, not followed")
        return []
    try:
        entries = sorted(os.scandir(parent), key=lambda entry: entry.name)
    except OSError:
        return []
    notes.extend(f"{where}/{e.name}: a symbolic link, not followed" for e in entries if _link(e))
    return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink()


def read_directory(path: Path, launch: str) -> TrialDirectory | None:
    """Read one trial directory; None when it holds no file of a trial."""
    params = _text(path / "params.json")
    results = _text(path / "result.json")
    error = _text(path / "error.txt")
    if params is None and results is None and error is None:
        return None
    records, num_unreadable = parse_records(results or "")
    config = _object(params or "")
    if not config and records and isinstance(records[-1].get("config"), dict):
        config = records[-1]["config"]
    for record in records:
        record.pop("config", None)  # Tune repeats it in every line: most of the memory otherwise.
    return TrialDirectory(
        launch=launch,
        name=path.name,
        config=flat({key: value for key, value in config.items() if key != "plan"}),
        plan=_plan(config.get("plan")),
        records=records,
        error="" if error is None or error.startswith(_ATTEMPT) else last_exception(error),
        path=path,
        num_unreadable=num_unreadable,
    )


def _text(path: Path) -> str | None:
    try:
        if path.is_symlink() or not path.is_file():  # a pipe would be waited for
            return None
        # Not read_text, which takes a carriage return for the end of a line.
        return path.read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError:
        return None


def _plan(value: object) -> Record:
    known = isinstance(value, dict) and isinstance(value.get("trial_key"), str)
    return dict(value) if known and isinstance(value, dict) else {}


def _object(text: str) -> Record:
    try:
        text.encode()  # bytes that are no UTF-8 are damage, also inside of a string
        value = parse_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def parse_records(text: str) -> tuple[list[Record], int]:
    """Parse a ``result.json``: one JSON object a line, NaN and Infinity allowed.

    Returns:
        The objects, and how many lines are none. The text after the last newline is not counted:
        it is the line that was being written.
    """
    *lines, tail = text.split("\n")
    parsed = [_object(line) for line in lines if line.strip()]
    records = [record for record in parsed if record]
    num_unreadable = len(parsed) - len(records)
    last = _object(tail)
    return ([*records, last] if last else records), num_unreadable


def last_exception(text: str) -> str:
    """Return the last exception named in an ``error.txt``, in one line of at most 200 characters.

    Tune writes one traceback for each attempt; the last line naming an exception says the most.
    """
    text = _ANSI_COLOUR.sub("", text)
    named = _EXCEPTION.findall(text) or text.split("\n")
    reason = next((" ".join(line.split()) for line in reversed(named) if line.strip()), "")
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    return reason or "stopped with an error that was not recorded"


def flat(config: Mapping[str, Any], prefix: str = "") -> Record:
    """Flatten nested mappings with ``/``, as Tune does; lists become JSON text, to be hashable."""
    result: Record = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{key}/")
        elif isinstance(value, (list, tuple)):
            result[f"{prefix}{key}"] = json.dumps(value, default=str)
        else:
            result[f"{prefix}{key}"] = value
    return result
