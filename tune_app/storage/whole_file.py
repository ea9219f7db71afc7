"""Files that appear under their name only once they are complete."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears under its name only once it is complete.

    Until then the name stands for what it stood for before, whatever happens.

    Raises:
        OSError: the file cannot be written; it names ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Process ids are not enough: in containers that share a folder they are alike.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().int}")
    try:
        with partial.open("xb") as stream:  # never through a link that somebody laid there
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        # A full disk is noticed by write(), whose error does not say which file it was.
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def is_partial(name: str) -> bool:
    """Return whether a file's name is one that :func:`whole_file` gives to what is not complete."""
    return re.fullmatch(r"\..+\.\d+", name) is not None
