"""Where a study is kept, behind one interface: a local folder or a URL.

Code that plans, records and tidies works on the files in ``StudyStore.root``. For a study in a
folder, ``root`` is that folder. For a study at a URL it is a working copy of its small files.
What is written to the copy is at the URL before the call returns. Large files (weights, states)
are empty in the copy, so that only their names are known.

A store is opened once, by :func:`tune_app.storage.open_store.open_store`, and passed to the code
that needs it. Another process, such as a worker, gets ``StudyStore.place`` and opens its own store.
"""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from tune_app.storage.lock import LOCK_FILE, Holder
from tune_app.storage.storage_errors import StorageError, is_full_disk
from tune_app.storage.whole_file import errors_named, whole_file

STUDY_FILE = "study.json"
MOST_FILE_BYTES = 256_000_000
"""Limit of ``study.json`` and of the other files that hold text. Larger files are not read."""


class StudyStore(ABC):
    """The files of one study. The paths that its methods take are paths in ``root``.

    Args:
        root: the local folder.

    Attributes:
        root: the local folder with the study's files. For a study at a URL it is the working copy.
        at_url: whether the study is at a URL.
        is_read_only: whether nothing can be written to the study.
    """

    at_url: bool
    is_read_only = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def __getstate__(self) -> dict[str, Any]:
        """Refuse to be pickled, since another process has to open its own store.

        Raises:
            TypeError: always.
        """
        raise TypeError("a StudyStore cannot be pickled; send its place and open that")

    @property
    def place(self) -> str:
        """The path or URL with which another process opens the study."""
        return self.place_of(self.root)

    @abstractmethod
    def place_of(self, path: Path) -> str:
        """Return the path or URL, for the user, of a path in ``root`` or directly beside it."""

    def close(self) -> None:  # noqa: B027 (most stores have nothing to give back)
        """Give back what the store holds, such as a working copy."""

    @abstractmethod
    def refresh(self, folder: Path | None = None) -> None:
        """Fetch what other processes wrote to the study.

        Args:
            folder: the folder to bring up to date (default: all).

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def push(self, path: Path) -> None:
        """Write a complete file in ``root`` to the study's place.

        Raises:
            OSError: the file cannot be written.
        """

    @contextmanager
    def open_whole(self, path: Path) -> Iterator[IO[bytes]]:
        """Open a file for writing that appears under its name only once it is complete.

        Raises:
            OSError: the file cannot be written.
        """
        with whole_file(path) as stream:
            yield stream
        self.push(path)

    def write(self, path: Path, content: bytes | memoryview) -> None:
        """Write a file that appears under its name only once it is complete.

        Raises:
            OSError: the file cannot be written.
        """
        with self.open_whole(path) as stream:
            stream.write(content)

    def append_line(self, path: Path, line: str) -> None:
        """Add a line to a text file. Its content is on the disk when the call returns.

        Raises:
            OSError: the file cannot be written.
        """
        with errors_named(path), path.open("a") as stream:
            stream.write(f"{line}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.push(path)

    @abstractmethod
    def current_text(self, path: Path) -> str:
        """Return the current text of a file, also if another process wrote it.

        Raises:
            OSError: the file does not exist or cannot be read.
            ValueError: the file is not UTF-8.
        """

    @abstractmethod
    def fetched(self, folder: Path, most_bytes: int) -> AbstractContextManager[Path]:
        """Provide the files of a folder on this machine during the context.

        The context yields the local folder with them. At a URL, files of more than ``most_bytes``
        are not fetched: they have their size, but not their content.

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files. It is no error if one does not exist.

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def remove_folders(self, parent: Path, pattern: str) -> None:
        """Delete the folders in ``parent`` whose names match a pattern, with everything in them.

        Symbolic links are not followed. A folder that cannot be deleted is left as it is.

        Raises:
            OSError: the storage does not answer.
        """

    def is_empty(self) -> bool:
        """Return whether ``root`` holds nothing, or only the lock file."""
        return not self.root.exists() or {p.name for p in self.root.iterdir()} <= {LOCK_FILE}

    @abstractmethod
    def put_aside(self, name: str) -> None:
        """Rename the study, to make room for a new one under the old name.

        Inside :meth:`lock`, this process keeps the lock of the old name.

        Raises:
            OSError: the storage does not answer, or the new name is taken.
            UserError: another process took the old name before this one could lock it again.
        """

    @abstractmethod
    def delete(self) -> None:
        """Delete the study with everything in its folder. To be called inside :meth:`lock`.

        A reader sees the whole study, or none.

        Raises:
            OSError: a file cannot be deleted.
        """

    @abstractmethod
    def ray_storage(self, folder: str) -> dict[str, Any]:
        """Return keyword arguments of Ray Tune's ``RunConfig`` for a folder in the study."""

    @abstractmethod
    def lock(self) -> AbstractContextManager[None]:
        """Hold the study during the context, so that no other driver can run it.

        Raises:
            UserError: on entering, if another process holds the study (the message names it), if
                the place cannot be written, or if it has no locks.
        """

    @abstractmethod
    def holder(self) -> Holder | None:
        """Return the process that runs the study, or None if none does.

        Raises:
            OSError: the storage does not answer, or it has no locks.
        """

    @abstractmethod
    def wait_until_visible(self) -> None:
        """Wait until this machine sees the study, which another machine created.

        Raises:
            FileNotFoundError: the study did not appear in time. The message names this machine.
        """

    def check_held(self) -> None:
        """Check that the study still exists and that this driver still holds it.

        Otherwise the driver would create a second, empty study, or disturb another driver.

        Raises:
            FileNotFoundError: ``study.json`` is gone.
            OSError: another driver may have taken the study over.
        """
        if not (self.root / STUDY_FILE).exists():
            raise FileNotFoundError(
                errno.ENOENT, os.strerror(errno.ENOENT), str(self.root / STUDY_FILE)
            )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn an ``OSError`` in the context into a ``StorageError`` with one line for the user.

        The context should hold only what uses the study. Ray's connections raise such errors too.

        Raises:
            StorageError: in place of an ``OSError``.
        """
        try:
            yield
        except OSError as error:
            raise StorageError(self.describe_error(error)) from error

    def describe_error(self, error: OSError) -> str:
        """Return in one line what happened to the study and what the user can do."""
        where = error.filename or self.place
        again = "run the same command again to continue the study"
        if is_full_disk(error):
            return f"{where}: the disk is full; make room and {again}"
        if isinstance(error, FileNotFoundError) and not (self.root / STUDY_FILE).exists():
            return (
                f"{self.place}: the study was deleted or moved while it ran; put it back and "
                f"{again}"
            )
        reason = os.strerror(error.errno) if error.errno else str(error)
        return f"{where}: cannot be written ({reason}); correct that and {again}"
