"""When the place where a study is kept fails: a full disk, a lost mount, a deleted directory."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage import mirror

APPEARS_SECONDS = 20.0
"""Network file systems show files late; and a node without one fails trials slowly at least."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


class StorageError(UserError):
    """The study directory can no longer be written; what is in it stays as it is."""


@contextmanager
def study_storage(root: Path) -> Iterator[None]:
    """Turn an error of the study's storage into one line for the user.

    Errors of connections are no errors of storage and pass as they are.

    Raises:
        StorageError: in place of an ``OSError``.
    """
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise StorageError(describe_storage_error(root, error)) from error


def check_not_deleted(root: Path) -> None:
    """See that a running study is still there, rather than create a second, empty one.

    Raises:
        FileNotFoundError: ``study.json`` is gone.
        OSError: the study is at a URL and another driver may have taken it over.
    """
    copy = mirror.find_mirror(root)
    if copy and copy.problem:
        raise OSError(copy.problem)
    if not (root / "study.json").exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root / "study.json"))


def wait_for_study(root: Path) -> None:
    """See that the study is there for a trial, at once or a moment later.

    A node that joins while a study runs was never asked. Without the study's storage it would write
    weights and predictions into a folder of its own, where nobody finds them.

    Raises:
        FileNotFoundError: it is not there; the message names the machine.
    """
    deadline = time.monotonic() + APPEARS_SECONDS
    while not (root / "study.json").exists():
        if time.monotonic() >= deadline:
            raise FileNotFoundError(
                f"{root} is not there on {socket.gethostname()}: mount the study's storage on this "
                "node, or take the node out of the cluster"
            )
        time.sleep(0.5)


def describe_storage_error(root: Path, error: OSError) -> str:
    """Return what happened to a study directory and what to do, in one line."""
    where = error.filename or mirror.shown(root)
    again = "run the same command again, it goes on where it stopped"
    if error.errno in _FULL:
        return f"{where}: the disk is full; make room and {again}"
    if isinstance(error, FileNotFoundError) and not (root / "study.json").exists():
        study = mirror.shown(root)
        return f"{study}: the study was deleted or moved while it ran; put it back and {again}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{where}: cannot be written ({reason}); mend that and {again}"
