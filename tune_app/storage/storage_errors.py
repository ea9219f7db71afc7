"""Errors of a study's storage, as the user reads them."""

from __future__ import annotations

import errno

from search_spaces.errors import UserError


class StudyHeldError(UserError):
    """Another process runs the study."""


class StorageError(UserError):
    """The study can no longer be written. What it holds stays as it is."""


class FullDiskError(StorageError):
    """A trial could not be saved because a disk is full, so a retry would fail too."""


def is_full_disk(error: OSError) -> bool:
    """Return whether an error means that a disk, or the user's quota on it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def short_reason(error: OSError) -> str:
    """Return why an operation failed, in one line of limited length."""
    return error.strerror or " ".join(str(error).split())[:200]
