"""Opening the store of a study, given its path or its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.storage.local_store import LocalStore
from tune_app.storage.remote_folder import is_url
from tune_app.storage.remote_store import RemoteStore
from tune_app.storage.store import StudyStore


@contextmanager
def open_store(place: str) -> Iterator[StudyStore]:
    """Open the store of a study; at a URL its working copy lasts as long as the context.

    Args:
        place: a path or a URL.

    Raises:
        UserError: nothing here can read such a URL, or its storage does not answer.
    """
    if not is_url(place):
        yield LocalStore(Path(place))
        return
    store = RemoteStore(place)
    try:
        refresh_to_read(store)
        yield store
    finally:
        store.close()


def refresh_to_read(store: StudyStore) -> None:
    """Bring the files of a study that a user named up to date.

    Raises:
        UserError: its storage does not answer.
    """
    try:
        store.refresh()
    except OSError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{store.place}: cannot be read ({reason})") from None


def worker_store(place: str) -> StudyStore:
    """Return the store of a study for one trial; at a URL its working copy is empty at first.

    Args:
        place: the ``StudyStore.place`` of the driver's store.

    Raises:
        FileNotFoundError: this machine does not see the study; the message names the machine.
    """
    store = RemoteStore(place, keeps=False) if is_url(place) else LocalStore(Path(place))
    store.wait_until_visible()
    return store
