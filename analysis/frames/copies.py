"""Studies at a URL, read from a copy of their files on this machine.

Everything is copied but what no table or figure needs: weights, states and TensorBoard's events.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.remote_folder import RemoteFolder, is_url

_WANTED = re.compile(
    r"study\.json|launches/[^/]+\.json|tune/[^/]+/[^/]+/(?:(?:params|result)\.json|error\.txt|predictions/[^/]+)"
)
_copies: dict[Path, RemoteFolder] = {}


def local_folder(place: str | Path) -> Path:
    """Return a study's folder on this machine: of a study at a URL a copy as it is now.

    Args:
        place: a path, a URL, or the copy of one, which is brought up to date.

    Raises:
        UserError: nothing here can read such a URL, or its storage does not answer.
    """
    folder = _new_copy(place) if isinstance(place, str) and is_url(place) else Path(place)
    remote = _copies.get(folder)
    if remote:
        try:
            remote.pull(folder, lambda name: bool(_WANTED.fullmatch(name)))
        except OSError as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{remote.url}: cannot be read ({reason})") from None
    return folder


def is_copy(folder: Path) -> bool:
    """Return whether a folder is the copy of a study at a URL."""
    return folder in _copies


def _new_copy(url: str) -> Path:
    remote = RemoteFolder(url)
    parent = Path(tempfile.mkdtemp(prefix="tune_app-report-")).resolve()
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = parent / remote.name
    folder.mkdir()
    _copies[folder] = remote
    return folder
