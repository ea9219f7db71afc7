"""The errors of the place where a study is kept, as a user reads them."""

from __future__ import annotations

import errno

from search_spaces.errors import UserError


class StorageError(UserError):
    """The study's place can no longer be written; what is in it stays as it is."""


class FullDiskError(StorageError):
    """A trial could not be saved because a disk is full: no retry can succeed."""


def is_full_disk(error: OSError) -> bool:
    """Return whether a disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def short_reason(error: OSError) -> str:
    """Return why an operation failed, in one line of limited length."""
    return error.strerror or " ".join(str(error).split())[:200]
