"""One driver per study: a lock that its owner's death releases.

``flock`` belongs to the open file, so the kernel gives it back when the process ends, however it
ends; no lock is ever stale. The file's content only says who holds it. It works on local file
systems and on NFS (Linux passes ``flock`` on to the server).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path

from search_spaces.errors import UserError

LOCK_FILE = ".lock"


class StudyLock:
    """Holds a study directory while entered; creates the directory if need be.

    Raises:
        UserError: on entering, if another process holds the study (it is named), or if the
            directory cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def __enter__(self) -> StudyLock:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._root / LOCK_FILE, flags, 0o644)
        except OSError as error:
            raise UserError(
                f"{self._root}: cannot be written ({error.strerror}); name another place with "
                "--results-dir"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 1000)
            os.close(descriptor)
            raise UserError(
                f"study {self._root.name} is being run by {_describe(owner)}; wait until it is "
                "done, stop it, or use --study NAME for another study"
            ) from None
        holder = {"host": socket.gethostname(), "pid": os.getpid()}
        with contextlib.suppress(OSError):  # a full disk; the lock holds without a name
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps(holder).encode())
        self._descriptor = descriptor
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None


def _describe(owner: bytes) -> str:
    try:
        holder = json.loads(owner)
        return f"process {int(holder['pid'])} on {holder['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
