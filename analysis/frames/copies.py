"""Read studies at a URL from a copy of their files on this machine.

Files that no table or figure needs are not copied: weights, checkpoints and TensorBoard's events.
"""

from __future__ import annotations

import re
from pathlib import Path

from tune_app.storage.open_store import store_at
from tune_app.storage.remote_store import RESULTS
from tune_app.storage.store import StudyStore

_WANTED = re.compile(rf"{RESULTS}|tune/[^/]+/[^/]+/predictions/[^/]+")


def study_store(place: str | Path | StudyStore) -> StudyStore:
    """Return a study's store. The copy of a study at a URL is empty until it is refreshed.

    The copy is deleted once nothing refers to the store any more.

    Args:
        place: a path, a URL, ``published:NAME``, or a store, which is returned.

    Raises:
        UserError: the kind of URL is not supported, or there is no such published study.
    """
    return place if isinstance(place, StudyStore) else store_at(place, _WANTED)
