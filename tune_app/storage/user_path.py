"""Paths as a user names them: ``~`` is expanded, and a name that cannot be is no error."""

from __future__ import annotations

import os
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.remote_folder import is_url


def user_path(text: str | Path) -> Path:
    """Return the path that a user names; ``~`` is the home folder.

    Raises:
        UserError: that folder is not known, or it is a URL.
    """
    if is_url(str(text)):
        raise UserError(f"{text}: name a path of this machine")
    expanded = os.path.expanduser(text)  # noqa: PTH111 (pathlib takes ./~ for a home folder too)
    if str(expanded).startswith("~"):
        raise UserError(f"{text}: home folder unknown; write the full path, or ./{text}")
    return Path(expanded)


def is_file(path: Path) -> bool:
    """Return whether there is such a file.

    ``Path.is_file`` raises an error for a name that is too long and in a closed folder.
    """
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Return whether there is such a folder, as :func:`is_file` does."""
    return os.path.isdir(path)  # noqa: PTH112
