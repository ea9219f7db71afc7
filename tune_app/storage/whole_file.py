"""Files that appear under their name only once they are complete."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from search_spaces.errors import UserError


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears under its name only once it is complete.

    Until then a file that already has the name stays as it is. If writing fails, it stays for good.

    Raises:
        OSError: the file cannot be written. The error names ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A process id would not be unique: containers that share a folder can have the same ids.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().int}")
    try:
        with errors_named(path):
            with partial.open("xb") as stream:  # "x" never writes through an existing link
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Name the file in an error of the context: that of ``write()``, as on a full disk, does not.

    Raises:
        OSError: in place of one without a file.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def write_named(path: Path, content: bytes) -> Path:
    """Write a file that a user has named, whole or not at all; return its path.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with whole_file(path) as stream:
            stream.write(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def is_partial(name: str) -> bool:
    """Return whether a name is one that :func:`whole_file` gives to a file that is not complete."""
    return re.fullmatch(r"\..+\.\d+", name) is not None
