"""Copy what a study has found: everything but its checkpoints and weights.

The copy is a study. It can be reported, audited and compared, and the command that made the study
continues it: finished rows are kept, and the others are trained from their beginning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from search_spaces.errors import UserError
from tune_app.storage.remote_store import RESULTS
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.storage.user_path import is_file

COPIED = re.compile(
    rf"(?!weights/)(?:{RESULTS}"
    r"|tune/[^/]+/[^/]+/(?:predictions/[^/]+\.npz|output\.txt))"
)
"""Paths of the files that are copied. Those in ``weights`` name files that are not."""


class Copied(NamedTuple):
    """How much was copied."""

    num_files: int
    num_bytes: int


def copy_study(source: StudyStore, target: StudyStore) -> Copied:
    """Copy a study's results into an empty place.

    Args:
        source: the study. One at a URL has been opened with ``wanted=COPIED``.
        target: the place.

    ``study.json`` is written last, so that the place holds a study only once all of it is there. If
    something cannot be written, what was is deleted, so that the same command begins anew.

    Raises:
        UserError: there is no study, the place is not empty, or another process holds it.
        StorageError: a file cannot be written.
    """
    if not is_file(source.root / STUDY_FILE):
        raise UserError(
            f"{source.place}: no study there (it has no {STUDY_FILE}); give a study's directory, "
            "such as results/q1a"
        )
    with target.lock():
        with target.guarded():
            target.refresh()
        if not target.is_empty():
            raise UserError(f"{target.place}: is not empty; name a new folder for the copy")
        names = sorted(_names(source.root), key=lambda name: (name == STUDY_FILE, name))
        num_bytes = 0
        with target.guarded(), _deleted_at_an_error(target):
            for name in names:
                content = (source.root / name).read_bytes()
                target.write(target.root / name, content)
                num_bytes += len(content)
    return Copied(len(names), num_bytes)


@contextmanager
def _deleted_at_an_error(target: StudyStore) -> Iterator[None]:
    try:
        yield
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            target.delete()
        raise


def _names(root: Path) -> Iterator[str]:
    """Yield the paths in a study of the regular files that are copied. Links are not followed."""
    for folder, _folders, files in os.walk(root):
        for file in files:
            path = Path(folder) / file
            name = path.relative_to(root).as_posix()
            if COPIED.fullmatch(name) and not path.is_symlink() and path.is_file():
                yield name
