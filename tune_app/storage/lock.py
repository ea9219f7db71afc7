"""One driver per study: a file lock that is released when its process ends.

``flock`` belongs to the open file, so the kernel releases it however the process ends. The content
of the file only names the holder. ``flock`` works on local file systems and on NFS, where Linux
passes it on to the server.

On NFS a lock can be stale. If the whole machine goes down, the server keeps its locks until the
machine's lease expires (NFS version 4: about 90 s) or until the machine is up again (version 3).
File systems without ``flock`` are refused. A study at a URL has a lease instead
(:mod:`tune_app.storage.lease`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.storage_errors import StudyHeldError, short_reason
from tune_app.storage.user_path import is_folder

LOCK_FILE = ".lock"
_ATTEMPTS, _PAUSE_SECONDS = 5, 0.05
"""``find_holder`` has the lock for a moment. A driver that meets it tries again."""


@dataclass(frozen=True)
class Holder:
    """The process that runs a study.

    Attributes:
        host: the name of its machine, or None if unknown.
        pid: its process id there, or None if unknown.
        since: when it took the lock, in seconds since 1970 by the storage's clock.
    """

    host: str | None
    pid: int | None
    since: float

    def __str__(self) -> str:
        """Return the process in words: ``process 7 on lab-3``."""
        return "another process" if self.pid is None else f"process {self.pid} on {self.host}"


class FileLock:
    """A context manager that holds the lock file of a study's folder.

    The folder is created if it does not exist. If it holds nothing but the lock file at the end,
    both are removed, so that a refused command leaves no trace.

    Raises:
        UserError: on entering, if another process holds the study (the message names it), if the
            folder cannot be written, or if its file system has no locks.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None
        self._missing: list[Path] = []

    def __enter__(self) -> FileLock:
        folders = (self._root, *self._root.parents)
        self._missing = []
        for attempt in range(_ATTEMPTS):
            self._missing = [f for f in folders if f in self._missing or not is_folder(f)]
            descriptor = self._open_locked(is_last=attempt == _ATTEMPTS - 1)
            if descriptor is None:
                continue
            if _is_at(descriptor, self._root / LOCK_FILE):
                break
            os.close(descriptor)  # the folder was renamed meanwhile, together with its lock file
        else:
            raise UserError(
                f"{self._root / LOCK_FILE}: cannot be locked (it is replaced again and again); "
                "stop the program that replaces it"
            )
        self._descriptor = descriptor
        name = {"host": socket.gethostname(), "pid": os.getpid()}
        with contextlib.suppress(OSError):  # a full disk: the lock holds without its holder's name
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps(name).encode())
        return self

    def __exit__(self, *_error: object) -> None:
        if self._descriptor is not None:
            self._close(self._descriptor)
        self._descriptor = None

    def _close(self, descriptor: int) -> None:
        """Close the lock file. Remove it and the folders created for it, if nothing else is there.

        A process that waits for the lock meanwhile sees that the file is gone and creates it again.
        """
        path = self._root / LOCK_FILE
        with contextlib.suppress(OSError):
            if _is_at(descriptor, path) and list(self._root.iterdir()) == [path]:
                path.unlink()
                for folder in self._missing:  # the innermost folder first
                    folder.rmdir()
        os.close(descriptor)

    def _open_locked(self, *, is_last: bool) -> int | None:
        """Open and lock the lock file; return its descriptor.

        Return None if the folder vanished meanwhile, which another driver's refused command can
        cause. In the last attempt that is an error.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._root / LOCK_FILE, flags, 0o644)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not is_last:
                return None
            raise UserError(
                f"{self._root}: cannot be written ({error.strerror}); make it writable, or name "
                "another place"
            ) from None
        try:
            _lock_exclusively(descriptor)
        except BlockingIOError:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            raise in_use_error(self._root.name, holder, _stale_lock_hint(holder)) from None
        except OSError as error:  # Lustre without -o flock, NFS without its lock service
            self._close(descriptor)
            raise UserError(
                f"{self._root / LOCK_FILE}: cannot be locked ({short_reason(error)}); mount the "
                "file system with flock (Lustre: -o flock; NFS: with its lock service), or give "
                "the folder as a URL, which needs no flock: --storage-path "
                f"{_as_url(self._root)}"
            ) from None
        return descriptor


def in_use_error(name: str, holder: Holder, hint: str) -> StudyHeldError:
    """Return the error for a study that another process holds."""
    return StudyHeldError(
        f"study {name} is being run by {holder}; wait until it is done, or stop it{hint}"
    )


def find_holder(root: Path) -> Holder | None:
    """Return the process that runs the study in a folder, or None if none does.

    Raises:
        OSError: this cannot be told: the file system has no ``flock``, or the lock file cannot be
            read.
    """
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(root / LOCK_FILE, flags)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read_holder(descriptor)
    finally:
        os.close(descriptor)


def _stale_lock_hint(holder: Holder) -> str:
    """Return a hint about how long the lock of a machine that went down stays.

    A process of this machine leaves no lock when it ends, so for it the hint is empty.
    """
    if holder.host in (None, socket.gethostname()):
        return ""
    return (
        f" (if {holder.host} itself went down, its lock is released about 90 s later with NFS 4, "
        "and once the machine is up again with NFS 3)"
    )


def _as_url(root: Path) -> str:
    """Return the value of ``--storage-path`` that is the URL of a study's parent folder."""
    return root.resolve().parent.as_uri()


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether an open file is the one that is at a path now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _lock_exclusively(descriptor: int) -> None:
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_PAUSE_SECONDS)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read_holder(descriptor: int) -> Holder:
    since = os.fstat(descriptor).st_mtime
    try:
        holder = json.loads(os.read(descriptor, 1000))
        return Holder(str(holder["host"]), int(holder["pid"]), since)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Holder(None, None, since)
