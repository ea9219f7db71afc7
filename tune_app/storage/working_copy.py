"""A copy, on this machine, of a folder at a URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tune_app.storage.remote_folder import RemoteFolder, Version, for_each_in_parallel

_LARGEST_SPARSE = 2**40
"""Usual file systems allow files of this size."""


def _everything(_name: str) -> bool:
    return True


class WorkingCopy:
    """A copy of a folder at a URL. It is empty until :meth:`pull` is called.

    Files that are not wanted are created empty, so that their names are known. Files that are too
    large are created with their size and without their content, so that a reader refuses them for
    their size.

    Args:
        remote: the folder at the URL.
        folder: the local copy.
        wanted: path inside the folder -> whether the file's content is needed (default: all are).
        most_bytes: the size above which a file is too large (default: no file is).
    """

    def __init__(
        self,
        remote: RemoteFolder,
        folder: Path,
        wanted: Callable[[str], bool] = _everything,
        most_bytes: int | None = None,
    ) -> None:
        self._remote, self._folder = remote, folder
        self._wanted, self._most_bytes = wanted, most_bytes
        self._pulled: dict[str, Version] = {}

    def pull(self, under: str = "") -> None:
        """Bring the copy up to date.

        Files that have not changed since the last call are not fetched again. Files that are gone
        at the URL are deleted from the copy.

        Args:
            under: the folder inside this one to bring up to date (default: all).

        Raises:
            OSError: the storage does not answer, or the local folder cannot be written.
        """
        there = self._remote.files(under)
        for gone in [n for n in self._pulled if n not in there and _is_under(n, under)]:
            (self._folder / gone).unlink(missing_ok=True)
            del self._pulled[gone]
        changed = {n: version for n, version in there.items() if self._pulled.get(n) != version}
        for name in changed:
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        for_each_in_parallel(lambda name: self._bring(name, changed[name]), changed)

    def _bring(self, name: str, version: Version) -> None:
        size, _ = version
        path = self._folder / name
        is_wanted = self._wanted(name)
        try:
            if is_wanted and (self._most_bytes is None or size <= self._most_bytes):
                self._remote.fetch(name, path)
            else:
                _create_sparse(path, size if is_wanted else 0)
        except FileNotFoundError:  # deleted since it was listed
            path.unlink(missing_ok=True)
        else:
            self._pulled[name] = version


def _create_sparse(path: Path, size: int) -> None:
    """Create a file of a size that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(min(size, _LARGEST_SPARSE))


def _is_under(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")
