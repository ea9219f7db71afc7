"""Reads the directories of trials and checks what is in them.

A study can be read at any time, also while it runs and after it was killed. A line of
``result.json`` may then be incomplete, and files may be missing. A study may also be edited,
damaged or from someone else. Therefore nothing is unpickled and symbolic links are not followed.
Rows that no trial of this program writes are left out and named.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_app.study.bounded import (
    MOST_PARAMS_BYTES,
    MOST_RESULT_BYTES,
    read_bounded,
    read_ends,
)
from tune_app.study.stop import STOPPED_FILE, Stop, parse_stop
from tune_app.study.text_tail import TERMINAL
from tune_app.study.trial_record import (
    RESULT_FILE,
    Record,
    is_seed,
    parse_object,
    parse_records,
    sound_records,
    whole_number,
)

PARAMS_FILE, ERROR_FILE = "params.json", "error.txt"
OUTPUT_FILE = "output.txt"
"""What a user's function printed."""
RETURNED_FILE = "returned.json"
"""Says that a user's function has returned, which ends its trial."""
_ATTEMPT = "Failure # "
"""The beginning of Tune's own list of failed attempts. The recorder writes only the final error."""
_MILESTONE = re.compile(r"0|[1-9][0-9]{0,8}")
_LONGEST_REASON = 200
_MOST_BYTES = {
    PARAMS_FILE: MOST_PARAMS_BYTES,
    RESULT_FILE: MOST_RESULT_BYTES,
    STOPPED_FILE: MOST_PARAMS_BYTES,
    RETURNED_FILE: MOST_PARAMS_BYTES,
}


@dataclass(frozen=True)
class TrialDirectory:
    """The content of a trial's directory in one launch.

    Attributes:
        launch: name of the launch. It orders the directories of a trial.
        name: name of the directory, or of the trial if there is no directory.
        config: Tune's config of the trial, flattened, without its plan.
        plan: the trial's plan (``trial_key``, ``milestones``, ``serves``, ``data``); empty if
            unknown.
        records: the reported rows that count, in the order in which they were written.
        error: why the trial was given up, in one line; empty if it was not given up. An attempt
            that was to be followed by another does not count.
        done: whether Tune says that the trial ended regularly. This is known only for trials of a
            live ``ResultGrid``.
        returned: whether the user's function has returned.
        last_epoch: the epoch of its last report before it returned, or None if that is not known.
        stop: why the trial was ended before its last milestone, or None.
        path: the directory, or None if there is none.
        problems: one line for each thing that was left out.
    """

    launch: str
    name: str
    config: Record
    plan: Record
    records: list[Record]
    error: str = ""
    done: bool = False
    returned: bool = False
    last_epoch: int | None = None
    stop: Stop | None = None
    path: Path | None = None
    problems: tuple[str, ...] = ()

    @property
    def trial_key(self) -> str:
        """The trial's identity in all launches; without a plan the directory is its own trial."""
        return str(self.plan.get("trial_key") or f"{self.launch}/{self.name}")

    @property
    def seed(self) -> int | None:
        """The seed of the rows that the trial serves, or None if unknown."""
        seed = self.config.get("seed")
        return seed if is_seed(seed) else None

    @property
    def after_epoch(self) -> int:
        """The epoch from which a search took the trial further in this directory, or 0."""
        return whole_number(self.plan.get("after_epoch")) or 0

    def serves(self) -> dict[int, list[str]]:
        """Return milestone -> the config_ids of the rows that end there."""
        serves = self.plan.get("serves")
        if not isinstance(serves, dict):
            return {}
        named = {
            int(milestone): [config_id for config_id in config_ids if isinstance(config_id, str)]
            for milestone, config_ids in serves.items()
            if _MILESTONE.fullmatch(str(milestone)) and isinstance(config_ids, list)
        }
        return {milestone: config_ids for milestone, config_ids in named.items() if config_ids}


def read_directories(
    root: Path, launches: tuple[str, ...] | None = None
) -> tuple[list[TrialDirectory], list[str]]:
    """Read every trial directory of a study, ordered by launch and name.

    Args:
        root: the study directory.
        launches: the launches to read (default: all).

    Returns:
        The directories, and one note for each thing that was left out.
    """
    directories: list[TrialDirectory] = []
    notes: list[str] = []
    for launch in _subdirectories(root / "tune", root, notes):
        if launches is not None and launch.name not in launches:
            continue
        for path in _subdirectories(launch, root, notes):
            directory = read_directory(path, launch.name)
            if directory is None:
                continue
            directories.append(directory)
            where = path.relative_to(root).as_posix()
            notes += [f"{where}/{problem}" for problem in directory.problems]
    return directories, notes


def read_directory(path: Path, launch: str) -> TrialDirectory | None:
    """Read one trial directory; return None if it holds no file of a trial."""
    unread: list[str] = []
    params = _read_text(path / PARAMS_FILE, unread)
    results = _read_text(path / RESULT_FILE, unread)
    error = _read_text(path / ERROR_FILE, unread)
    stopped = _read_text(path / STOPPED_FILE, unread)
    returned = _read_text(path / RETURNED_FILE, unread)
    if params is None and results is None and error is None and not unread:
        return None
    records, problems = parse_records(results or "")
    problems += unread
    config = parse_object(params or "")
    if not config and records and isinstance(records[-1].get("config"), dict):
        config = records[-1]["config"]
    for record in records:
        record.pop("config", None)  # Tune repeats it in every line, which takes much memory
    plan = _valid_plan(config.get("plan"))
    if plan:
        records, left_out = sound_records(records)
        problems += left_out
    else:
        problems.append(f"{PARAMS_FILE}: no plan, so it serves no row")
    return TrialDirectory(
        launch=launch,
        name=path.name,
        config=flat({key: value for key, value in config.items() if key != "plan"}),
        plan=plan,
        records=records,
        error="" if error is None or error.lstrip().startswith(_ATTEMPT) else last_line(error),
        returned=returned is not None,
        last_epoch=whole_number(parse_object(returned or "").get("epoch")),
        stop=parse_stop(stopped or ""),
        path=path,
        problems=tuple(problems),
    )


def last_line(text: str) -> str:
    """Return the last line of an error, which has its reason, in at most 200 characters."""
    lines = [" ".join(TERMINAL.sub("", line).split()) for line in text.splitlines()]
    reason = next((line for line in reversed(lines) if line), "")
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    return reason or "stopped with an error that was not recorded"


def flat(config: Mapping[str, Any], prefix: str = "") -> Record:
    """Flatten nested mappings with ``/``, as Tune does. Lists become JSON text, to be hashable."""
    result: Record = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{key}/")
        elif isinstance(value, (list, tuple)):
            result[f"{prefix}{key}"] = json.dumps(value, default=str)
        else:
            result[f"{prefix}{key}"] = value
    return result


def launch_order(launch: str) -> tuple[bool, int, str]:
    """Return the key by which the names of launches are sorted, oldest first.

    Names are numbers (``999`` is followed by ``1000``). Others come last, in alphabetical order.
    """
    number = int(launch) if launch.isascii() and launch.isdecimal() else None
    return number is None, number or 0, launch


def _subdirectories(parent: Path, root: Path, notes: list[str]) -> list[Path]:
    where = parent.relative_to(root).as_posix()
    if parent.is_symlink():
        notes.append(f"{where}: a symbolic link, not followed")
        return []
    try:
        entries = sorted(os.scandir(parent), key=lambda entry: launch_order(entry.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        notes.append(f"{where}: cannot be read ({error.strerror})")
        return []
    links = [entry for entry in entries if entry.is_symlink()]
    notes += [f"{where}/{entry.name}: a symbolic link, not followed" for entry in links]
    return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _read_text(path: Path, unread: list[str]) -> str | None:
    """Return a file's text, or None if it cannot be read.

    Of a long ``error.txt`` the text is its beginning and its end. A file that is there and cannot
    be read is named in ``unread``, with the reason.
    """
    try:
        if path.name == ERROR_FILE:
            content = read_ends(path)
        else:
            content = read_bounded(path, _MOST_BYTES[path.name])
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "a symbolic link" if error.errno == errno.ELOOP else error.strerror
        unread.append(f"{path.name}: {reason}, so it is not read")
        return None
    # Path.read_text() is not used, since it takes a carriage return for the end of a line.
    return content.decode("utf-8", errors="surrogateescape")


def _valid_plan(value: object) -> Record:
    known = isinstance(value, dict) and isinstance(value.get("trial_key"), str)
    return dict(value) if known and isinstance(value, dict) else {}
