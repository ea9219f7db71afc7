"""A study at a URL, with a working copy of its small files in a temporary folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from tune_app.storage.lease import CLAIMS, LEASE_SECONDS, Lease, find_claim
from tune_app.storage.lock import Holder, in_use_error
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.storage_errors import short_reason
from tune_app.storage.store import MOST_FILE_BYTES, STUDY_FILE, StudyStore
from tune_app.storage.working_copy import WorkingCopy

RESULTS = (
    r"study\.json|search\.jsonl|(?:launches|weights)/[^/]+\.json"
    r"|tune/[^/]+/[^/]+/(?:(?:params|result|returned|stopped)\.json|error\.txt)"
)
"""Paths of the files that say what a study is, and how its rows ended: a pattern."""
SMALL_FILES = re.compile(
    rf"{RESULTS}|tune/[^/]+/[^/]+/checkpoint_[^/]+/(?:checkpoint|\.tune_app)\.json"
)
"""Paths of the files whose content a driver needs."""


class RemoteStore(StudyStore):
    """The study at a URL. Its working copy is empty until :meth:`refresh` is called.

    The copy is deleted by :meth:`close`, or when nothing refers to the store any more.

    Args:
        url: the study's URL.
        wanted: paths in the study of the files whose content is copied. Other files are copied
            empty.
        keeps: whether a file stays in the copy after it was written to the URL. Workers do not keep
            the files of their trials.

    Attributes:
        remote: the folder at the URL.

    Raises:
        UserError: the URL is not supported.
    """

    at_url = True

    def __init__(
        self, url: str, *, wanted: re.Pattern[str] = SMALL_FILES, keeps: bool = True
    ) -> None:
        self.remote = RemoteFolder(url)
        parent = Path(tempfile.mkdtemp(prefix="tune_app-")).resolve()
        self._delete_copy = weakref.finalize(self, _delete_copy, parent, os.getpid())
        super().__init__(parent / self.remote.name)
        self._copy = WorkingCopy(
            self.remote, self.root, lambda name: bool(wanted.fullmatch(name)), MOST_FILE_BYTES
        )
        self._keeps = keeps
        self._lease: Lease | None = None

    def close(self) -> None:
        """Delete the working copy."""
        self._delete_copy()

    def place_of(self, path: Path) -> str:
        """Return the URL of a path in, or directly beside, the working copy."""
        if path.parent == self.root.parent and path != self.root:
            return self.remote.sibling_url(path.name)
        return self.remote.child_url(self._name(path))

    def refresh(self, folder: Path | None = None) -> None:
        """Fetch the files that changed at the URL, and delete those that are gone there."""
        self._copy.pull(self._name(self.root if folder is None else folder))

    def push(self, path: Path) -> None:
        """Write a file of the copy to the URL."""
        self.remote.write(self._name(path), path)
        if not self._keeps:
            path.unlink()

    def current_text(self, path: Path) -> str:
        """Return the text of the file at the URL."""
        return self.remote.read(self._name(path)).decode()

    @contextmanager
    def fetched(self, folder: Path, most_bytes: int) -> Iterator[Path]:
        """Fetch the folder into a temporary one."""
        with tempfile.TemporaryDirectory(prefix="tune_app-state-") as parent:
            inside = self._name(folder)
            WorkingCopy(self.remote, Path(parent), most_bytes=most_bytes).pull(inside)
            yield Path(parent) / inside

    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files in the copy and at the URL."""
        for path in paths:
            path.unlink(missing_ok=True)
            self.remote.remove([self._name(path)])

    def remove_folders(self, parent: Path, pattern: str) -> None:
        """Delete folders in the copy and at the URL."""
        for path in parent.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)
        inside = f"{self._name(parent)}/"
        self.remote.remove(
            name
            for name in self.remote.files(inside.rstrip("/"))
            if Path(name.removeprefix(inside).split("/")[0]).match(pattern)
        )

    def put_aside(self, name: str) -> None:
        """Move everything except the claims to the new name; this driver's claim stays valid."""
        self.remote.move_contents(name, leave=CLAIMS)
        shutil.rmtree(self.root, ignore_errors=True)
        self.refresh()

    def delete(self) -> None:
        """Delete everything except the claims; this driver's claim goes when it is released."""
        self.remote.remove([STUDY_FILE])  # without it there is no study to be read
        self.remote.delete_contents(leave=CLAIMS)
        shutil.rmtree(self.root, ignore_errors=True)

    def ray_storage(self, folder: str) -> dict[str, Any]:
        """Return the folder's path at the URL and the file system that opens it."""
        return self.remote.ray_storage(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold a claim at the URL. It is renewed until the context ends."""
        lease = Lease(self.remote)
        try:
            claim = lease.take()
        except OSError as error:
            raise UserError(
                f"{self.place}: cannot be written ({short_reason(error)}); make it writable, or "
                "name another place"
            ) from None
        if claim is not None:
            raise in_use_error(
                self.root.name,
                Holder(claim.host, claim.pid, claim.since),
                f" (if it was killed there, try again in {LEASE_SECONDS:.0f} s)",
            )
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None
            lease.release()

    def holder(self) -> Holder | None:
        """Return the process whose claim to the study is at the URL, or None."""
        claim = find_claim(self.remote)
        return None if claim is None else Holder(claim.host, claim.pid, claim.since)

    def wait_until_visible(self) -> None:
        """Do nothing: every machine reaches the same URL, or fails when it first uses it."""

    def check_held(self) -> None:
        """Check that this driver's claim is valid and that the working copy holds the study."""
        if self._lease is not None and self._lease.problem:
            raise OSError(self._lease.problem)
        super().check_held()

    def _name(self, path: Path) -> str:
        """Return a path in the copy relative to the study, which is its name at the URL."""
        relative = path.relative_to(self.root).as_posix()
        return "" if relative == "." else relative


def _delete_copy(folder: Path, owner: int) -> None:
    """Delete a working copy, unless this process is a fork of the one that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
