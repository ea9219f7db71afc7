"""Files of a study that appear under their name only once they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tune_app.storage import mirror
from tune_app.storage.whole_file import whole_file


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears under its name only once it is complete.

    In the working copy of a study at a URL it then appears there as well.

    Raises:
        OSError: the file cannot be written.
    """
    with whole_file(path) as stream:
        yield stream
    mirror.push(path)
