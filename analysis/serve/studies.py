"""The studies that are served: those that were named, and those in folders that were named."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from analysis.serve.watching import WatchedStudy
from search_spaces.errors import UserError
from tune_app.storage.open_store import is_path
from tune_app.storage.remote_folder import is_url
from tune_app.storage.store import STUDY_FILE

_LIST_SECONDS = 3.0
_MOST_STUDIES = 500


class ServedStudies:
    """The studies by their names in addresses. A folder is looked through again now and then.

    Args:
        places: paths and URLs of studies, and folders with studies in them.
        follow: begins to follow a study.

    Attributes:
        is_single: whether one study was named, and no folder.

    Raises:
        UserError: a place is neither a study nor a folder with studies.
    """

    def __init__(self, places: Sequence[str], follow: Callable[[str], WatchedStudy]) -> None:
        self._follow = follow
        self._named = [place for place in places if not is_path(place) or _is_study(Path(place))]
        self._folders = [Path(place) for place in places if place not in self._named]
        for folder in self._folders:
            _check_folder(folder)
        self.is_single = len(self._named) == 1 and not self._folders
        self._lock = threading.Lock()
        self._studies: dict[str, WatchedStudy] = {}
        self._listed = float("-inf")

    def all(self) -> dict[str, WatchedStudy]:
        """Return the studies by their names in addresses, sorted."""
        with self._lock:
            if time.monotonic() - self._listed >= _LIST_SECONDS:
                self._list()
                self._listed = time.monotonic()
            return dict(sorted(self._studies.items()))

    def _list(self) -> None:
        inside = [str(path) for folder in self._folders for path in studies_in(folder)]
        known = {study.place for study in self._studies.values()}
        for place in dict.fromkeys([*self._named, *inside]):
            if place not in known:
                self._studies[self._free_name(place)] = self._follow(place)

    def _free_name(self, place: str) -> str:
        last = PurePosixPath(unquote(urlsplit(place).path)).name if is_url(place) else ""
        last = last or Path(place).resolve().name
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.") or "study"
        number, free = 1, name
        while free in self._studies:
            number += 1
            free = f"{name}-{number}"
        return free


def studies_in(folder: Path) -> list[Path]:
    """Return the studies that lie directly in a folder, at most 500."""
    try:
        found = sorted(path for path in folder.iterdir() if _is_study(path))
    except OSError:
        return []
    return found[:_MOST_STUDIES]


def _is_study(path: Path) -> bool:
    try:
        return (path / STUDY_FILE).is_file()
    except OSError:
        return False


def _check_folder(folder: Path) -> None:
    try:
        is_folder = folder.is_dir()
    except OSError:  # a name that is too long
        is_folder = False
    if not is_folder:
        raise UserError(f"{folder}: no such directory; give a study's directory, or results")
    if not studies_in(folder):
        raise UserError(
            f"{folder}: neither a study nor a folder with studies; give a study's directory, such "
            "as results/q1a, or results"
        )
