"""Write checkpoints of a trial, and load the newest one that is intact.

A checkpoint directory holds ``state.pt`` (tensors and plain values, read with
``torch.load(weights_only=True)``) and ``checkpoint.json`` with the trial's key, the epoch, and the
size and SHA-256 of ``state.pt``. Both files are checked before the state is loaded. If one is
truncated, damaged or too large, the checkpoint before it is used.

What a user's function saves is in files of its own. Beside them lies ``.tune_app.json`` with the
trial's key, the epoch, and the size of the files together.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tune_app.storage.store import StudyStore
from tune_app.study.trial_record import AT_RETURN, LARGEST_EPOCH
from tune_app.study.trials import Trial

STATE_FILE = "state.pt"
INDEX_FILE, OWN_INDEX_FILE = "checkpoint.json", ".tune_app.json"
_MOST_INDEX_BYTES = 10_000


class WorkerDiedError(RuntimeError):
    """A worker process has ended before its work; the state that it was loading is not to blame."""


@dataclass(frozen=True)
class CheckpointIndex:
    """What a checkpoint says about itself.

    Attributes:
        path: the checkpoint's directory.
        trial_key: the trial that it belongs to.
        epoch: the epoch after which the state was saved.
        num_bytes: the size of the state.
        sha256: its digest; empty for what a user's function saved.
        shift: what was added to the epochs of a user's function, which may count from 0.
    """

    path: Path
    trial_key: str
    epoch: int
    num_bytes: int
    sha256: str = ""
    shift: int = 0


def write_checkpoint(directory: Path, trial_key: str, epoch: int, state: dict[str, Any]) -> None:
    """Write a trial's state after ``epoch`` into an existing directory."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    (directory / STATE_FILE).write_bytes(buffer.getbuffer())
    index = {
        "trial_key": trial_key,
        "epoch": epoch,
        "num_bytes": buffer.getbuffer().nbytes,
        "sha256": hashlib.sha256(buffer.getbuffer()).hexdigest(),
    }
    (directory / INDEX_FILE).write_text(json.dumps(index))


def read_index(directory: Path) -> CheckpointIndex | None:
    """Return the index of a checkpoint directory, or None if it is missing or damaged.

    Symbolic links are not followed, because they may lead out of the study.
    """
    is_own = (directory / OWN_INDEX_FILE).exists()
    file = directory / (OWN_INDEX_FILE if is_own else INDEX_FILE)
    links = (directory, file, directory / STATE_FILE)
    if any(path.is_symlink() for path in links) or not file.is_file():
        return None
    try:
        if file.stat().st_size > _MOST_INDEX_BYTES:
            return None
        index = json.loads(file.read_text())
        epoch, num_bytes, shift = index["epoch"], index["num_bytes"], index.get("shift", 0)
        if any(type(number) is not int for number in (epoch, num_bytes, shift)):
            return None
        if epoch < 1 or num_bytes < (0 if is_own else 1) or shift not in (0, 1):
            return None
        key, sha256 = str(index["trial_key"]), "" if is_own else str(index["sha256"])
        return CheckpointIndex(directory, key, epoch, num_bytes, sha256, shift)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def find_checkpoints(trial_directory: Path, trial_key: str) -> list[CheckpointIndex]:
    """Return the checkpoints of a trial in one of its directories, latest epoch first."""
    found = [read_index(path) for path in trial_directory.glob("checkpoint_*")]
    own = [index for index in found if index is not None and index.trial_key == trial_key]
    return sorted(own, key=lambda index: -index.epoch)


def find_damaged(trial_directory: Path) -> list[Path]:
    """Return the checkpoint directories without a readable index: damaged, or never completed."""
    return [path for path in trial_directory.glob("checkpoint_*") if read_index(path) is None]


def resumable_checkpoints(trial: Trial, first_milestone: int) -> list[Path]:
    """Return the checkpoints from which a trial may resume, in the order in which it tries them.

    Damaged ones come first: the trial refuses them and says so in a note. The others follow, latest
    epoch first. A checkpoint is left out if an epoch up to it is not recorded, or if it does not
    lie before the first missing milestone. Otherwise a row would lack its measurement.

    Args:
        trial: the trial.
        first_milestone: its first missing milestone; ``AT_RETURN`` if only the function knows it.
    """
    last = first_milestone - 1 if first_milestone != AT_RETURN else LARGEST_EPOCH
    folders = [directory.path for directory in trial.directories if directory.path is not None]
    found = [
        index
        for folder in reversed(folders)
        for index in find_checkpoints(folder, trial.key)
        if index.epoch <= last and _is_recorded(trial, index)
    ]
    damaged = [path for folder in folders for path in find_damaged(folder)]
    return damaged + [index.path for index in sorted(found, key=lambda index: -index.epoch)]


def _is_recorded(trial: Trial, index: CheckpointIndex) -> bool:
    """Return whether the epochs up to a checkpoint are recorded.

    A user's function need not report every epoch, so there the epoch itself is enough.
    """
    needed = range(1, index.epoch + 1) if index.sha256 else (index.epoch,)
    return trial.history.keys() >= set(needed)


@dataclass(frozen=True)
class Loaded:
    """The state with which a trial begins.

    Attributes:
        epoch: the epoch after which the state was saved; 0 without a state.
        state: the state, or None to begin from scratch.
        note: why other checkpoints were refused; empty if none was.
    """

    epoch: int
    state: dict[str, Any] | None
    note: str


def load_newest(
    store: StudyStore,
    candidates: Iterable[Path],
    trial_key: str,
    use: Callable[[dict[str, Any]], object] = lambda state: None,
) -> Loaded:
    """Load the first candidate that is intact and that the trial can use.

    Args:
        store: the study's store.
        candidates: checkpoint directories, the best first.
        trial_key: the trial that the checkpoint must belong to.
        use: gets the state of each intact candidate. If it raises an exception, the state does not
            fit the trial, and the next candidate is tried.

    Raises:
        WorkerDiedError: ``use`` raised it.
    """
    refused: list[str] = []
    for path in candidates:
        loaded = _load(store, path, trial_key)
        if not isinstance(loaded, str):
            epoch, state = loaded
            try:
                use(state)
            except WorkerDiedError:
                raise
            except Exception as error:  # any error of the model or the optimizer
                loaded = f"its state does not fit this trial ({type(error).__name__})"
            else:
                return Loaded(epoch, state, _note(refused, f"goes on after epoch {epoch}"))
        refused.append(f"{path.name} is not used: {loaded}")
    return Loaded(0, None, _note(refused, "starts from scratch"))


def _note(refused: Sequence[str], consequence: str) -> str:
    return "; ".join([*refused, consequence]) if refused else ""


def _load(store: StudyStore, path: Path, trial_key: str) -> tuple[int, dict[str, Any]] | str:
    """Return the epoch and the state of a checkpoint, or why it cannot be used.

    The state is fetched only if its index is sound and says the size of the state.
    """
    with store.fetched(path, _MOST_INDEX_BYTES) as folder:
        index = read_index(folder)
    if index is None:
        return f"{INDEX_FILE} is missing or damaged"
    if index.trial_key != trial_key:
        return f"it belongs to trial {index.trial_key}"
    if index.num_bytes > psutil.virtual_memory().total:
        return f"{STATE_FILE} is larger than the memory ({index.num_bytes:,} bytes)"
    with store.fetched(path, max(index.num_bytes, _MOST_INDEX_BYTES)) as folder:
        return _read_state(folder, index)


def _read_state(folder: Path, index: CheckpointIndex) -> tuple[int, dict[str, Any]] | str:
    import torch

    damage = _damage(folder / STATE_FILE, index)
    if damage:
        return f"{STATE_FILE} {damage}"
    try:
        state = torch.load(folder / STATE_FILE, map_location="cpu", weights_only=True)
    except Exception as error:  # any error of torch: the file is intact but holds something else
        return f"{STATE_FILE} holds no state ({type(error).__name__})"
    return (index.epoch, state) if isinstance(state, dict) else f"{STATE_FILE} holds no state"


def _damage(path: Path, index: CheckpointIndex) -> str:
    """Return why a state file is not the one that its index describes, or an empty string."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe could wait for ever
            return "is no ordinary file"
        if found.st_size != index.num_bytes:
            return f"is damaged ({found.st_size:,} bytes of {index.num_bytes:,})"
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if sha256 == index.sha256 else "is damaged (its SHA-256 differs)"
