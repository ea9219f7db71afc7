"""A study in a folder of this machine, or of a file system that all machines share."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tune_app.storage.lock import FileLock, Holder, find_holder
from tune_app.storage.store import STUDY_FILE, StudyStore

APPEARS_SECONDS = 20.0
"""How long a node waits for the study. Network file systems can show new files late."""


class LocalStore(StudyStore):
    """The study in a folder."""

    at_url = False

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._locks: ExitStack | None = None

    def place_of(self, path: Path) -> str:
        """Return the path."""
        return str(path)

    def refresh(self, folder: Path | None = None) -> None:
        """Do nothing: the files are the study."""

    def push(self, path: Path) -> None:
        """Do nothing: the file is in the study already."""

    def current_text(self, path: Path) -> str:
        """Return the text of a file."""
        return path.read_bytes().decode()

    @contextmanager
    def fetched(self, folder: Path, most_bytes: int) -> Iterator[Path]:
        """Yield the folder."""
        yield folder

    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files."""
        for path in paths:
            path.unlink(missing_ok=True)

    def remove_folders(self, parent: Path, pattern: str) -> None:
        """Delete folders; ``rmtree`` follows no symbolic link."""
        for path in parent.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)

    def put_aside(self, name: str) -> None:
        """Rename the folder with its lock file, which is held until the new one is locked."""
        self.root.rename(self.root.with_name(name))
        if self._locks is not None:
            with self._locks.pop_all():
                self._locks.enter_context(FileLock(self.root))

    def delete(self) -> None:
        """Rename the folder, so that the study is gone at once, and delete it."""
        root = self.root.resolve()
        doomed = root.with_name(f".{root.name}.deleted-{os.getpid()}")
        root.rename(doomed)
        if self.root.is_symlink():
            self.root.unlink()
        shutil.rmtree(doomed)

    def ray_storage(self, folder: str) -> dict[str, Any]:
        """Return the folder's path."""
        return {"storage_path": str(self.root / folder)}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder's lock file. The folder is created, and removed if it stays empty."""
        with ExitStack() as locks:
            locks.enter_context(FileLock(self.root))
            self._locks = locks
            try:
                yield
            finally:
                self._locks = None

    def holder(self) -> Holder | None:
        """Return the process that has locked the folder, or None."""
        return find_holder(self.root)

    def wait_until_visible(self) -> None:
        """Wait until the folder shows the study.

        A node that joins while a study runs has not been checked for access to the folder. Without
        access it would write weights and predictions into a local folder, where nobody finds them.
        """
        deadline = time.monotonic() + APPEARS_SECONDS
        while not (self.root / STUDY_FILE).exists():
            if time.monotonic() >= deadline:
                raise FileNotFoundError(
                    f"{self.root} is not there on {socket.gethostname()}: mount the study's "
                    "storage on this node, or take the node out of the cluster"
                )
            time.sleep(0.5)
