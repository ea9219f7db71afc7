"""When the place where a study is kept fails: a full disk, a lost mount, a deleted directory."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import UserError
from tune_app import mirror

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


def describe_storage_error(root: Path, error: OSError) -> str:
    """Return what happened to a study directory and what to do, in one line."""
    where = error.filename or mirror.shown(root)
    again = "run the same command again, it goes on where it stopped"
    if error.errno in _FULL:
        return f"{where}: the disk is full; make room and {again}"
    if isinstance(error, FileNotFoundError) and not (root / "study.json").exists():
        return f"{root}: the study was deleted or moved while it ran; put it back and {again}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{where}: cannot be written ({reason}); mend that and {again}"
