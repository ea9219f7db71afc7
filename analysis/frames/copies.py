"""Read studies at a URL from a copy of their files on this machine.

Files that no table or figure needs are not copied: weights, checkpoints and TensorBoard's events.
"""

from __future__ import annotations

import re
from pathlib import Path

from tune_app.storage.local_store import LocalStore
from tune_app.storage.remote_folder import is_url
from tune_app.storage.remote_store import RESULTS, RemoteStore
from tune_app.storage.store import StudyStore

_WANTED = re.compile(rf"{RESULTS}|tune/[^/]+/[^/]+/predictions/[^/]+")


def study_store(place: str | Path | StudyStore) -> StudyStore:
    """Return a study's store. The copy of a study at a URL is empty until it is refreshed.

    The copy is deleted once nothing refers to the store any more.

    Args:
        place: a path, a URL, or a store, which is returned.

    Raises:
        UserError: the kind of URL is not supported.
    """
    if isinstance(place, StudyStore):
        return place
    if isinstance(place, str) and is_url(place):
        return RemoteStore(place, wanted=_WANTED)
    return LocalStore(Path(place))
