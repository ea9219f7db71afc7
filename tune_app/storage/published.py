"""The studies that ship with the package, by name: ``published:q1a``.

They lie in ``analysis/published`` as ``tune-app copy`` writes them. They are read where they lie
and continued in a copy, so that a report names the same results on every machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.storage.local_store import LocalStore
from tune_app.storage.lock import Holder
from tune_app.storage.store import STUDY_FILE
from tune_app.storage.user_path import is_file

PREFIX = "published:"
FOLDER = Path(__file__).resolve().parents[2] / "analysis" / "published"
"""The folder with the published studies, in a checkout and where the package is installed."""


def is_published(place: str) -> bool:
    """Return whether a place names a published study, known or not."""
    return place.startswith(PREFIX)


def published_names() -> list[str]:
    """Return the names of the published studies, sorted."""
    if not FOLDER.is_dir():
        return []
    return sorted(p.name for p in FOLDER.iterdir() if (p / STUDY_FILE).is_file())


class PublishedStore(LocalStore):
    """A published study. Nothing can be written to it.

    Args:
        name: its name, such as ``q1a``.
    """

    is_read_only = True

    def __init__(self, name: str) -> None:
        super().__init__(FOLDER / name)

    def place_of(self, path: Path) -> str:
        """Return the name of the study, or the path of something in it."""
        return f"{PREFIX}{path.name}" if path == self.root else str(path)

    def lock(self) -> NoReturn:
        """Refuse to hold the study.

        Raises:
            UserError: always.
        """
        raise read_only_error(self.root.name)

    def holder(self) -> Holder | None:
        """Return None: nobody runs it."""
        return None


def read_only_error(name: str) -> UserError:
    """Return the error that tells how a published study is continued."""
    return UserError(
        f"{PREFIX}{name}: a published study is only read; copy it first and go on with the copy: "
        f"tune-app copy {PREFIX}{name} results/{name}"
    )


def published_store(place: str) -> PublishedStore:
    """Return the store of a published study, given its name with the prefix.

    Raises:
        UserError: there is no such published study; the message says which there are.
    """
    name, known = place.removeprefix(PREFIX), published_names()
    if name in known:
        return PublishedStore(name)
    what = f"{place}: no such published study{did_you_mean(name, known)}"
    if not name:
        what = f"{PREFIX} is followed by the name of a study"
    listed = choices([f"{PREFIX}{one}" for one in known]) or "none, in this installation"
    raise UserError(f"{what}; there are: {listed}")


def published_at(path: Path) -> PublishedStore | None:
    """Return the store of the published study that lies at a path; None if none lies there."""
    try:
        place = path.resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, or a loop of links
        return None
    if place.parent != FOLDER or not is_file(place / STUDY_FILE):
        return None
    return PublishedStore(place.name)
