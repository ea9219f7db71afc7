"""Checkpoints of a trial that can be trusted, and falling back when one cannot.

A checkpoint directory holds ``state.pt`` (tensors and plain values, read with
``torch.load(weights_only=True)``) and ``checkpoint.json`` with the trial's key, the epoch and the
SHA-256 of ``state.pt``. The digest is checked before anything is read, so that a truncated or
damaged file is noticed and the one before it is used.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_app.storage.store import StudyStore

STATE_FILE = "state.pt"
INDEX_FILE = "checkpoint.json"


@dataclass(frozen=True)
class CheckpointIndex:
    """What ``checkpoint.json`` says: whose state this is, after which epoch, and its digest."""

    path: Path
    trial_key: str
    epoch: int
    sha256: str


def write_checkpoint(directory: Path, trial_key: str, epoch: int, state: dict[str, Any]) -> None:
    """Write a trial's state after ``epoch`` into an existing directory."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    (directory / STATE_FILE).write_bytes(buffer.getbuffer())
    index = {
        "trial_key": trial_key,
        "epoch": epoch,
        "sha256": hashlib.sha256(buffer.getbuffer()).hexdigest(),
    }
    (directory / INDEX_FILE).write_text(json.dumps(index))


def read_index(directory: Path) -> CheckpointIndex | None:
    """Return what a checkpoint directory says of itself, or None if it does not say it properly.

    Symbolic links are not followed: a study says nothing about files outside of it.
    """
    files = (directory / INDEX_FILE, directory / STATE_FILE)
    if any(path.is_symlink() for path in (directory, *files)) or not files[0].is_file():
        return None
    try:
        index = json.loads(files[0].read_text())
        epoch = index["epoch"]
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 1:
            return None
        return CheckpointIndex(directory, str(index["trial_key"]), epoch, str(index["sha256"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def find_checkpoints(trial_directory: Path, trial_key: str) -> list[CheckpointIndex]:
    """Return the checkpoints of a trial in one of its directories, newest epoch first."""
    found = [read_index(path) for path in trial_directory.glob("checkpoint_*")]
    own = [index for index in found if index is not None and index.trial_key == trial_key]
    return sorted(own, key=lambda index: -index.epoch)


def find_damaged(trial_directory: Path) -> list[Path]:
    """Return the checkpoints that do not say whose they are: damaged, or never completed."""
    return [path for path in trial_directory.glob("checkpoint_*") if read_index(path) is None]


def remove_checkpoints(store: StudyStore, trial_directory: Path) -> None:
    """Delete every checkpoint in a trial's directory."""
    store.remove_folders(trial_directory, "checkpoint_*")


@dataclass(frozen=True)
class Loaded:
    """What a trial begins with.

    Attributes:
        epoch: the epoch after which the state was saved; 0 without one.
        state: the state, or None to begin from scratch.
        note: why newer checkpoints were passed over; empty if none was.
    """

    epoch: int
    state: dict[str, Any] | None
    note: str


def load_newest(store: StudyStore, candidates: Iterable[Path], trial_key: str) -> Loaded:
    """Read the first candidate directory that is whole."""
    refused: list[str] = []
    for path in candidates:
        with store.fetched(path) as folder:
            loaded = _load(folder, trial_key)
        if not isinstance(loaded, str):
            epoch, state = loaded
            return Loaded(epoch, state, _note(refused, f"goes on after epoch {epoch}"))
        refused.append(f"{path.name} is not used: {loaded}")
    return Loaded(0, None, _note(refused, "starts from scratch"))


def _note(refused: Sequence[str], consequence: str) -> str:
    return "; ".join([*refused, consequence]) if refused else ""


def _load(path: Path, trial_key: str) -> tuple[int, dict[str, Any]] | str:
    import torch

    index = read_index(path)
    if index is None:
        return f"{INDEX_FILE} is missing or damaged"
    if index.trial_key != trial_key:
        return f"it belongs to trial {index.trial_key}"
    try:
        content = (path / STATE_FILE).read_bytes()
    except OSError as error:
        return f"{STATE_FILE} cannot be read ({error.strerror})"
    if hashlib.sha256(content).hexdigest() != index.sha256:
        return f"{STATE_FILE} is damaged (its SHA-256 differs)"
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds; a digest proves that the file is whole, not what
        return f"{STATE_FILE} holds no state ({type(error).__name__})"
    return (index.epoch, state) if isinstance(state, dict) else f"{STATE_FILE} holds no state"
