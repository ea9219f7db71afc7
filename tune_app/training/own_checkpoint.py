"""Checkpoints that a user's function saves, and which of them stay after a trial has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tune_app.storage.store import StudyStore
from tune_app.study.objective import Objective
from tune_app.training.checkpoint import (
    OWN_INDEX_FILE,
    CheckpointIndex,
    find_checkpoints,
    find_damaged,
    read_index,
)

_OF_RAY = (OWN_INDEX_FILE, ".metadata.json", ".is_checkpoint")
"""Files in a user's checkpoint that are not the user's."""
_MOST_BYTES = 2**63


class Found(NamedTuple):
    """A checkpoint from which a user's function goes on.

    Attributes:
        saved: what the checkpoint says about itself; None to begin from scratch.
        folder: the local folder with its files, as long as the context lasts.
        note: why other checkpoints were refused; empty if none was.
    """

    saved: CheckpointIndex | None
    folder: Path | None
    note: str


def write_own_index(directory: Path, trial_key: str, epoch: int, shift: int) -> None:
    """Write the index of a checkpoint beside the files that a user's function saved."""
    index = {"trial_key": trial_key, "epoch": epoch, "num_bytes": own_bytes(directory)}
    (directory / OWN_INDEX_FILE).write_text(json.dumps({**index, "shift": shift}))


@contextmanager
def own_index(directory: Path, trial_key: str, epoch: int, shift: int) -> Iterator[None]:
    """Write the index of a checkpoint for as long as the context lasts, while it is copied."""
    file = directory / OWN_INDEX_FILE
    before = file.read_bytes() if file.is_file() else None
    write_own_index(directory, trial_key, epoch, shift)
    try:
        yield
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(before)


def own_bytes(directory: Path) -> int:
    """Return the size of the files that a user's function saved in a checkpoint, together."""
    files = (path for path in directory.rglob("*") if path.name not in _OF_RAY)
    return sum(path.lstat().st_size for path in files if path.is_file() and not path.is_symlink())


@contextmanager
def newest_own(store: StudyStore, candidates: Iterable[Path], trial_key: str) -> Iterator[Found]:
    """Provide the first candidate whose files are all there, during the context.

    Args:
        store: the study's store.
        candidates: checkpoint directories, the best first.
        trial_key: the trial that the checkpoint must belong to.
    """
    refused: list[str] = []
    for path in candidates:
        with store.fetched(path, _MOST_BYTES) as folder:
            index = read_index(folder)
            problem = _problem(index, folder, trial_key)
            if index is not None and not problem:
                note = "; ".join([*refused, f"goes on after epoch {index.epoch}"])
                yield Found(index, folder, note if refused else "")
                return
        refused.append(f"{path.name} is not used: {problem}")
    yield Found(None, None, "; ".join([*refused, "starts from scratch"]) if refused else "")


def _problem(index: CheckpointIndex | None, folder: Path, trial_key: str) -> str:
    if index is None:
        return f"{OWN_INDEX_FILE} is missing or damaged"
    if index.trial_key != trial_key:
        return f"it belongs to trial {index.trial_key}"
    found = own_bytes(folder)
    if found != index.num_bytes:
        return f"its files have {found:,} bytes of {index.num_bytes:,}"
    return ""


def prune_checkpoints(
    store: StudyStore,
    directories: Iterable[Path],
    trial_key: str,
    *,
    keep: str | int,
    score: Callable[[int], float | None],
    objective: Objective,
    counts: Callable[[CheckpointIndex], bool] = lambda _index: True,
) -> None:
    """Delete the checkpoints of a trial that has ended, but for those that are to stay.

    Args:
        store: the study's store.
        directories: the trial's directories, oldest launch first.
        trial_key: the trial.
        keep: ``"last"``, ``"best"``, the newest N, or ``"none"``.
        score: epoch -> the value of the objective, or None.
        objective: the measure that selects.
        counts: returns whether a trial may go on from a checkpoint; others do not stay.
    """
    folders = list(directories)
    found = [
        index
        for folder in folders
        for index in sorted(find_checkpoints(folder, trial_key), key=lambda index: index.path.name)
    ]
    newest = _that_count(filter(counts, found))
    number = keep if isinstance(keep, int) else 0 if keep == "none" else 1
    if keep == "best":
        best: CheckpointIndex | None = None
        for index in reversed(newest):
            value = score(index.epoch)
            best_value = None if best is None else score(best.epoch)
            if value is not None and objective.prefers(value, best_value):
                best = index
        newest = newest if best is None else [best]
    kept = {index.path for index in newest[:number]}
    damaged = [path for folder in folders for path in find_damaged(folder)]
    for path in [*damaged, *(index.path for index in found)]:
        if path not in kept:
            store.remove_folders(path.parent, path.name)


def _that_count(found: Iterable[CheckpointIndex]) -> list[CheckpointIndex]:
    """Return the checkpoints of the attempt that went on to the end, latest epoch first.

    An attempt that begins again before the end of an earlier one saves its epochs once more. Then
    those of the earlier one do not count from there on.

    Args:
        found: the checkpoints in the order in which they were saved.
    """
    counting: list[CheckpointIndex] = []
    for index in found:
        counting = [index, *(earlier for earlier in counting if earlier.epoch < index.epoch)]
    return counting
