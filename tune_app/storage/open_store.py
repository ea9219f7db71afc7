"""Open the store of a study, given its path, its URL, or the name of a published study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.local_store import LocalStore
from tune_app.storage.published import is_published, published_at, published_store
from tune_app.storage.remote_folder import is_url
from tune_app.storage.remote_store import SMALL_FILES, RemoteStore
from tune_app.storage.store import StudyStore


def store_at(
    place: str | Path, wanted: re.Pattern[str] = SMALL_FILES, *, keeps: bool = True
) -> StudyStore:
    """Return the store of a study. The working copy of a study at a URL is empty at first.

    The copy is deleted once nothing refers to the store any more.

    Args:
        place: a path, a URL, or ``published:NAME``.
        wanted: of a study at a URL, paths of the files whose content is needed.
        keeps: whether what is written to a URL stays in the working copy.

    Raises:
        UserError: the URL is not supported, or there is no such published study.
    """
    if isinstance(place, str) and is_published(place):
        return published_store(place)
    if isinstance(place, str) and is_url(place):
        return RemoteStore(place, wanted=wanted, keeps=keeps)
    return published_at(Path(place)) or LocalStore(Path(place))


def is_path(place: str) -> bool:
    """Return whether a place is a path, and neither a URL nor the name of a published study."""
    return not is_published(place) and not is_url(place)


@contextmanager
def open_store(place: str, wanted: re.Pattern[str] = SMALL_FILES) -> Iterator[StudyStore]:
    """Open the store of a study. The working copy of a study at a URL is deleted at the end.

    Args:
        place: a path, a URL, or ``published:NAME``.
        wanted: of a study at a URL, paths of the files whose content is needed.

    Raises:
        UserError: the URL is not supported, its storage does not answer, or there is no such
            published study.
    """
    store = store_at(place, wanted)
    try:
        refresh_to_read(store)
        yield store
    finally:
        store.close()


def refresh_to_read(store: StudyStore) -> None:
    """Bring the files of a study up to date, for a command that is to read it.

    Raises:
        UserError: the storage does not answer.
    """
    try:
        store.refresh()
    except OSError as error:
        raise UserError(f"{store.place}: cannot be read ({error})") from None


def worker_store(place: str) -> StudyStore:
    """Return the store of a study for one trial, once this machine sees the study.

    The working copy of a study at a URL is empty at first.

    Args:
        place: the ``StudyStore.place`` of the driver's store.

    Raises:
        FileNotFoundError: this machine does not see the study. The message names the machine.
    """
    store = store_at(place, keeps=False)
    store.wait_until_visible()
    return store
