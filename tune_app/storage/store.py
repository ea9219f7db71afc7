"""Where a study is kept, behind one interface: a local folder or a URL.

Everything that plans, records and tidies works on the files in ``StudyStore.root``. For a study in
a folder that is the folder itself. For a study at a URL it is a working copy of the small files:
what is written to it is also at the URL before the call returns, and large files (weights, states)
are in the copy by name alone.

A store is opened once, by :func:`tune_app.storage.open_store.open_store`, and passed to whatever
needs it. A process that is told where a study is, such as a worker, gets ``StudyStore.place``.
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
from tune_app.storage.whole_file import whole_file

STUDY_FILE = "study.json"


class StudyStore(ABC):
    """The files of one study. Paths that its methods take lie in ``root``.

    Args:
        root: the local folder.

    Attributes:
        root: the local folder with the study's files; for a study at a URL the working copy.
        at_url: whether the study is at a URL.
    """

    at_url: bool

    def __init__(self, root: Path) -> None:
        self.root = root

    def __getstate__(self) -> dict[str, Any]:
        """Refuse to be pickled: another process opens a store of its own.

        Raises:
            TypeError: always.
        """
        raise TypeError("a StudyStore stays in its process; send its place and open that")

    @property
    def place(self) -> str:
        """What another process opens the study by: its path or its URL."""
        return self.place_of(self.root)

    @abstractmethod
    def place_of(self, path: Path) -> str:
        """Return what the user calls a path in, or directly beside, ``root``: a path or a URL."""

    @abstractmethod
    def refresh(self, folder: Path | None = None) -> None:
        """Bring the files in a folder (default: all) up to date with what other processes wrote.

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def push(self, path: Path) -> None:
        """Write a file that is complete in ``root`` to the study's place.

        Raises:
            OSError: it cannot be written.
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
        """Add a line to a text file; it is on the disk when the call returns.

        Raises:
            OSError: the file cannot be written.
        """
        with path.open("a") as stream:
            stream.write(f"{line}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.push(path)

    @abstractmethod
    def current_text(self, path: Path) -> str:
        """Return what a text file holds now, whoever wrote it.

        Raises:
            OSError: it is not there or cannot be read.
            ValueError: it is not UTF-8.
        """

    @abstractmethod
    def fetched(self, folder: Path) -> AbstractContextManager[Path]:
        """Have the files of a folder on this machine, large ones too, while the context lasts.

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files; no error if one is not there.

        Raises:
            OSError: the storage does not answer.
        """

    @abstractmethod
    def remove_folders(self, parent: Path, pattern: str) -> None:
        """Delete the folders in ``parent`` whose names match, with everything in them.

        Symbolic links are not followed. A folder that cannot be deleted stays.

        Raises:
            OSError: the storage does not answer.
        """

    def is_empty(self) -> bool:
        """Return whether there is nothing in ``root`` but what :meth:`lock` keeps there."""
        return not self.root.exists() or {p.name for p in self.root.iterdir()} <= {LOCK_FILE}

    @abstractmethod
    def put_aside(self, name: str) -> None:
        """Give the study another name beside the old one.

        If :meth:`lock` is entered, the old name stays locked by this process.

        Raises:
            OSError: the storage does not answer, or there is something of that name.
            UserError: another process took the old name before this one could lock it again.
        """

    @abstractmethod
    def ray_storage(self, folder: str) -> dict[str, Any]:
        """Return where Ray Tune keeps its files, in a folder of the study, for ``RunConfig``."""

    @abstractmethod
    def lock(self) -> AbstractContextManager[None]:
        """Hold the study while the context lasts, so that no other driver runs it.

        Raises:
            UserError: on entering, if another process holds the study (it is named), if the place
                cannot be written, or if it offers no locks.
        """

    @abstractmethod
    def holder(self) -> Holder | None:
        """Return who runs the study, or None if nobody does.

        Raises:
            OSError: the storage does not say.
        """

    @abstractmethod
    def wait_until_visible(self) -> None:
        """Wait a moment for a study that another machine has begun, where it may show late.

        Raises:
            FileNotFoundError: it is not there; the message names this machine.
        """

    def check_held(self) -> None:
        """Check that a running study is still there and still this driver's.

        Writing on would otherwise create a second, empty study, or disturb another driver's.

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
        """Turn an error of the study's storage into one line for the user.

        Errors of connections are not the storage's and pass as they are.

        Raises:
            StorageError: in place of an ``OSError``.
        """
        try:
            yield
        except (ConnectionError, TimeoutError):
            raise
        except OSError as error:
            raise StorageError(self.describe_error(error)) from error

    def describe_error(self, error: OSError) -> str:
        """Return what happened to the study and what to do, in one line."""
        where = error.filename or self.place
        again = "run the same command again, it goes on where it stopped"
        if is_full_disk(error):
            return f"{where}: the disk is full; make room and {again}"
        if isinstance(error, FileNotFoundError) and not (self.root / STUDY_FILE).exists():
            return (
                f"{self.place}: the study was deleted or moved while it ran; put it back and "
                f"{again}"
            )
        reason = os.strerror(error.errno) if error.errno else str(error)
        return f"{where}: cannot be written ({reason}); mend that and {again}"
