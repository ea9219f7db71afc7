"""What somebody who wants harm would put into a study directory."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.training.checkpoint import INDEX_FILE, STATE_FILE, write_checkpoint


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def ledger_of(study: Path) -> Ledger:
    ledger = open_ledger(LocalStore(study))
    assert ledger is not None
    return ledger


def checkpoint(directory: Path, epoch: int, content: bytes | None = None, key: str = "k2") -> Path:
    """Write a checkpoint, whole or with a forged state under a matching digest."""
    path = directory / f"checkpoint_{epoch:06d}"
    path.mkdir(parents=True)
    write_checkpoint(path, key, epoch, {"x": 1})
    if content is not None:
        (path / STATE_FILE).write_bytes(content)
        index = {"trial_key": key, "epoch": epoch, "num_bytes": len(content)}
        index["sha256"] = hashlib.sha256(content).hexdigest()
        (path / INDEX_FILE).write_text(json.dumps(index))
    return path
