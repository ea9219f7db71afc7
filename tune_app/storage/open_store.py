"""Open the store of a study, given its path or its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.local_store import LocalStore
from tune_app.storage.remote_folder import is_url
from tune_app.storage.remote_store import SMALL_FILES, RemoteStore
from tune_app.storage.store import StudyStore


@contextmanager
def open_store(place: str, wanted: re.Pattern[str] = SMALL_FILES) -> Iterator[StudyStore]:
    """Open the store of a study. The working copy of a study at a URL is deleted at the end.

    Args:
        place: a path or a URL.
        wanted: of a study at a URL, paths of the files whose content is needed.

    Raises:
        UserError: the URL is not supported, or its storage does not answer.
    """
    if not is_url(place):
        yield LocalStore(Path(place))
        return
    store = RemoteStore(place, wanted=wanted)
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
        reason = " ".join(str(error).split())
        raise UserError(f"{store.place}: cannot be read ({reason})") from None


def worker_store(place: str) -> StudyStore:
    """Return the store of a study for one trial, once this machine sees the study.

    The working copy of a study at a URL is empty at first.

    Args:
        place: the ``StudyStore.place`` of the driver's store.

    Raises:
        FileNotFoundError: this machine does not see the study. The message names the machine.
    """
    store = RemoteStore(place, keeps=False) if is_url(place) else LocalStore(Path(place))
    store.wait_until_visible()
    return store
