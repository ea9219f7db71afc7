"""Reads files of a study directory without waiting, and up to a size limit.

The directory may come from somebody else. Reading a pipe or a device could wait for ever, a link
may lead out of the directory, and a sparse file can be a terabyte large without using disk.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from tune_app.storage.store import MOST_FILE_BYTES

MOST_STUDY_BYTES = MOST_FILE_BYTES
"""Limit of ``study.json``. 100,000 configurations take about 50 MB."""
MOST_RESULT_BYTES = MOST_FILE_BYTES
"""Limit of one trial's ``result.json``. A line is about 1 kB."""
MOST_PARAMS_BYTES = 16_000_000
"""Limit of ``params.json`` and other files with one record."""
MOST_ERROR_BYTES = 1_000_000
"""How much is read of ``error.txt`` from its beginning, and again from its end."""


def read_bounded(path: Path, most_bytes: int, *, follow: bool = False) -> bytes:
    """Return the content of a regular file.

    Args:
        path: the file.
        most_bytes: the largest size that is read.
        follow: whether ``path`` may be a symbolic link.

    Raises:
        OSError: the file cannot be read, is a link or not a regular file, or is too large.
        ValueError: no file can have that name.
    """
    with os.fdopen(_descriptor(path, follow=follow), "rb") as file:
        too_large = os.fstat(file.fileno()).st_size > most_bytes
        content = b"" if too_large else file.read(most_bytes + 1)  # it may grow meanwhile
    if too_large or len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes / 1e6:g} MB", str(path))
    return content


def read_ends(path: Path, most_bytes: int = MOST_ERROR_BYTES) -> bytes:
    """Return the content of a regular file, or its first and last ``most_bytes`` if it is longer.

    Raises:
        OSError: the file cannot be read, or is a link or not a regular file.
        ValueError: no file can have that name.
    """
    with os.fdopen(_descriptor(path, follow=False), "rb") as file:
        content = file.read(2 * most_bytes)
        if not file.read(1):
            return content
        file.seek(-most_bytes, os.SEEK_END)
        return content[:most_bytes] + b"\n" + file.read(most_bytes)


def read_end(path: Path, most_bytes: int) -> tuple[bytes, bool]:
    """Return the last bytes of a regular file, and whether there are earlier ones.

    Raises:
        OSError: the file cannot be read, or is a link or not a regular file.
        ValueError: no file can have that name.
    """
    with os.fdopen(_descriptor(path, follow=False), "rb") as file:
        start = max(0, os.fstat(file.fileno()).st_size - most_bytes)
        file.seek(start)
        return file.read(most_bytes), start > 0


def _descriptor(path: Path, *, follow: bool) -> int:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor
