"""What the launches of a study recorded of each trial, and where a trial can go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tune_app.study.study_file import TrialParams
from tune_app.training.checkpoint import find_checkpoints, find_damaged

ATTEMPT = "Failure # "
"""How each attempt's heading begins in Tune's own ``error.txt``."""

RowKey = tuple[str, int]
"""(config_id, seed)."""


@dataclass(frozen=True)
class TrialDirectory:
    """What one directory of a trial says.

    Attributes:
        path: the directory.
        params: its ``params.json``.
        results: the sound lines of its ``result.json``, in order.
    """

    path: Path
    params: TrialParams
    results: list[dict[str, Any]]


@dataclass
class TrialHistory:
    """Everything that the launches so far recorded of one trial.

    Attributes:
        directories: its directories in launch order.
        rows: the rows of the study that some launch had it serve.
        epochs: the epochs recorded.
        finished: (config_id, seed) -> ``ok``, ``unconverged`` or ``diverged``.
        error: the reason if its newest directory ended in an error.
    """

    directories: list[Path] = field(default_factory=list)
    rows: set[RowKey] = field(default_factory=set)
    epochs: set[int] = field(default_factory=set)
    finished: dict[RowKey, str] = field(default_factory=dict)
    error: str | None = None

    def add(self, directory: TrialDirectory, known: set[RowKey]) -> None:
        """Add what a directory of a trial says, given the rows that the study is to contain."""
        self.directories.append(directory.path)
        params = directory.params
        rows = {
            milestone: {(config_id, params.seed) for config_id in ids} & known
            for milestone, ids in params.serves.items()
        }
        self.rows.update(*rows.values())
        for row in directory.results:
            epoch, status = row["epoch"], row.get("status", "ok")
            self.epochs.add(epoch)
            for milestone, keys in rows.items():
                reached = milestone == row.get("milestone")
                if reached or (status == "diverged" and milestone >= epoch):
                    self.finished.update(dict.fromkeys(keys, status))
        self.error = _final_error(directory.path / "error.txt")


def resumable_checkpoints(
    history: TrialHistory, trial_key: str, first_milestone: int
) -> list[Path]:
    """Return the checkpoints a trial is to try, newest epoch first.

    Damaged ones come before all others: the trial refuses them and says so.
    A checkpoint counts only if the epochs up to it are all recorded and it lies before the first
    milestone that is still missing: no row of the study is then without its own measurement.
    """
    found = [
        index
        for directory in reversed(history.directories)
        for index in find_checkpoints(directory, trial_key)
        if index.epoch < first_milestone and history.epochs.issuperset(range(1, index.epoch + 1))
    ]
    damaged = [path for directory in history.directories for path in find_damaged(directory)]
    return damaged + [index.path for index in sorted(found, key=lambda index: -index.epoch)]


def _final_error(path: Path) -> str | None:
    """Return the last line of the error that a trial was given up for, None if it was not.

    Tune's own list of attempts, which it copies here whenever it saves its state, has headings. The
    recorder writes the final error without.
    """
    if path.is_symlink() or not path.is_file():
        return None
    try:
        lines = [line.strip() for line in path.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    if lines and lines[0].startswith(ATTEMPT):
        return None
    return next((line for line in reversed(lines) if line), "unknown error")
