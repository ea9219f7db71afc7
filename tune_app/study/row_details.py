"""Everything that a study keeps of one row: its curve, output, error and files.

Texts are shortened to their last lines and cleaned, because they are a user's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from search_spaces.configuration import Config
from tune_app.storage.store import StudyStore
from tune_app.storage.whole_file import is_partial
from tune_app.study.rows import RowOutcome
from tune_app.study.text_tail import Tail, read_tail
from tune_app.study.trial_directory import ERROR_FILE, OUTPUT_FILE, TrialDirectory
from tune_app.study.trial_record import Record
from tune_app.study.trials import RowKey

CHECKPOINT = "checkpoint_"
"""The beginning of the name of a checkpoint's folder."""
_MOST_FETCHED_BYTES = 20_000_000
_MOST_FILES = 200


@dataclass(frozen=True)
class StoredFile:
    """A file of a trial, or the folder of a checkpoint.

    Attributes:
        path: its path in the study, with ``/`` at the end of a folder.
        num_bytes: its size.
    """

    path: str
    num_bytes: int


@dataclass(frozen=True)
class Attempt:
    """What one launch left of a row's trial.

    Attributes:
        launch: the name of the launch.
        name: the name of the trial's directory.
        folder: the directory's path in the study.
        error: the end of the traceback, if the trial was given up with an error.
        output: the end of what a user's function printed.
        files: its files, at most 200.
    """

    launch: str
    name: str
    folder: str
    error: Tail | None
    output: Tail | None
    files: tuple[StoredFile, ...]

    @property
    def checkpoints(self) -> tuple[StoredFile, ...]:
        """The checkpoints that are kept, oldest first."""
        prefix = f"{self.folder}/{CHECKPOINT}"
        return tuple(file for file in self.files if file.path.startswith(prefix))


@dataclass(frozen=True)
class RowDetails:
    """One row.

    Attributes:
        key: its config_id and seed.
        config: its configuration.
        outcome: what became of it.
        attempts: what each launch left of its trial, oldest first.
    """

    key: RowKey
    config: Config
    outcome: RowOutcome
    attempts: tuple[Attempt, ...]

    @property
    def curve(self) -> list[Record]:
        """The reports of its trial up to the epoch at which the row ends, one per epoch."""
        trial, last = self.outcome.trial, self.outcome.milestone
        if trial is None:
            return []
        history = sorted(trial.history.items())
        return [report.record for epoch, report in history if not last or epoch <= last]


def read_row(
    store: StudyStore,
    key: RowKey,
    config: Config,
    outcome: RowOutcome,
    *,
    most_lines: int,
    fetches: bool = True,
) -> RowDetails:
    """Read what a study keeps of a row.

    Args:
        store: where the study is kept.
        key: the row.
        config: its configuration.
        outcome: what became of it.
        most_lines: how many lines of output, and of each traceback, are kept.
        fetches: whether files of a study at a URL are fetched that its working copy lacks. Without
            them the output and the sizes of files are not known.
    """
    directories = outcome.trial.directories if outcome.trial is not None else []
    attempts = []
    for directory in directories:
        if directory.path is None:
            continue
        place = directory.path.relative_to(store.root).as_posix()
        opened = store.fetched(directory.path, _MOST_FETCHED_BYTES) if fetches else None
        with opened or nullcontext(directory.path) as folder:
            attempts.append(_attempt(directory, folder, place, most_lines))
    return RowDetails(key, config, outcome, tuple(attempts))


def _attempt(directory: TrialDirectory, folder: Path, place: str, most_lines: int) -> Attempt:
    return Attempt(
        launch=directory.launch,
        name=directory.name,
        folder=place,
        error=read_tail(folder / ERROR_FILE, most_lines) if directory.error else None,
        output=read_tail(folder / OUTPUT_FILE, most_lines),
        files=tuple(islice(_files(folder, place), _MOST_FILES)),
    )


def _files(folder: Path, place: str) -> Iterator[StoredFile]:
    """Yield the files of a trial's directory; links are not followed."""
    for entry in _entries(folder):
        path = f"{place}/{entry.name}"
        if not entry.is_dir(follow_symlinks=False):
            yield StoredFile(path, entry.stat(follow_symlinks=False).st_size)
        elif entry.name.startswith(CHECKPOINT):
            inside = [e.stat(follow_symlinks=False).st_size for e in _entries(Path(entry.path))]
            yield StoredFile(f"{path}/", sum(inside))
        else:
            for inner in _entries(Path(entry.path)):
                if inner.is_file(follow_symlinks=False):
                    size = inner.stat(follow_symlinks=False).st_size
                    yield StoredFile(f"{path}/{inner.name}", size)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder, sorted by name, without links and half-written files."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # deleted meanwhile, as the study runs
        return []
    return [entry for entry in found if not entry.is_symlink() and not is_partial(entry.name)]
