"""A study at a URL: the study itself is there, a working copy of its small files is here.

Everything that plans, records and tidies works on a folder. Where that folder is a working copy,
what is written to it goes to the URL before the call that wrote it returns, so nothing that was
recorded is only here; large files (weights, states) are in the copy by name alone. A folder is
known to be a copy by having been attached; for any other the functions here do nothing.
"""

from __future__ import annotations

import functools
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from tune_app.storage.remote_folder import RemoteFolder, is_url

_SMALL = re.compile(
    r"study\.json|launches/[^/]+\.json|weights/[^/]+\.json"
    r"|tune/[^/]+/[^/]+/(?:params\.json|result\.json|error\.txt|checkpoint_[^/]+/checkpoint\.json)"
)
"""Files whose content a driver needs."""


@dataclass(eq=False)
class Mirror:
    """A folder that is a working copy.

    Attributes:
        remote: the folder at the URL.
        folder: the working copy.
        keeps: whether a file stays here once it is there; of a trial's files nothing does.
        problem: why the study may no longer be written, None while it may.
    """

    remote: RemoteFolder
    folder: Path
    keeps: bool = True
    problem: str | None = None

    def name(self, path: Path) -> str:
        """Return a path inside of the copy as the URL's folder has it."""
        relative = path.relative_to(self.folder).as_posix()
        return "" if relative == "." else relative


_mirrors: dict[Path, Mirror] = {}


def attach(url: str, folder: Path, *, keeps: bool = True) -> Mirror:
    """Make a folder the working copy of a URL from now on.

    Raises:
        UserError: nothing here can read such a URL.
    """
    mirror = Mirror(RemoteFolder(url), folder, keeps)
    _mirrors[folder] = mirror
    return mirror


@contextmanager
def study_folder(place: str) -> Iterator[Path]:
    """Give the folder of a study for a while: its own, or its working copy if it is at a URL.

    Args:
        place: a path or a URL.

    Raises:
        UserError: nothing here can read such a URL, or its storage does not answer.
    """
    if not is_url(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="tune_app-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent).resolve() / RemoteFolder(place).name
        attach(place, folder)
        try:
            try:
                refresh(folder)
            except OSError as error:
                reason = " ".join(str(error).split())
                raise UserError(f"{place}: cannot be read ({reason})") from None
            yield folder
        finally:
            del _mirrors[folder]


@functools.cache
def worker_folder(url: str) -> Path:
    """Return this process's own, initially empty copy of a study, for the trials that run in it.

    A reused worker keeps it for its next trial.
    """
    folder = Path(tempfile.mkdtemp(prefix="tune_app-trial-"))
    attach(url, folder, keeps=False)
    return folder


def find_mirror(path: Path) -> Mirror | None:
    """Return the working copy that a path is in, None for any other folder."""
    return next((m for folder, m in _mirrors.items() if path.is_relative_to(folder)), None)


def shown(path: Path) -> str:
    """Return a path as its user knows it: a URL where that is what the path stands for.

    What lies beside a working copy, in the folder that is made for it alone, lies beside the study.
    """
    beside = next((m for folder, m in _mirrors.items() if folder.parent == path.parent), None)
    if beside and path != beside.folder:
        return beside.remote.sibling_url(path.name)
    mirror = find_mirror(path)
    return mirror.remote.child_url(mirror.name(path)) if mirror else str(path)


def refresh(path: Path) -> None:
    """Bring the copy of a folder up to date; also what other processes wrote is then seen.

    Raises:
        OSError: the storage does not answer.
    """
    mirror = find_mirror(path)
    if mirror:
        mirror.remote.pull(
            mirror.folder, lambda name: bool(_SMALL.fullmatch(name)), mirror.name(path)
        )


def push(path: Path) -> None:
    """Write a file that is complete here to the URL.

    Raises:
        OSError: it cannot be written.
    """
    mirror = find_mirror(path)
    if mirror:
        mirror.remote.write(mirror.name(path), path)
        if not mirror.keeps:
            path.unlink()


def current_text(path: Path) -> str:
    """Return what a text file holds now, whoever wrote it.

    Raises:
        OSError: it is not there or cannot be read.
        ValueError: it is not UTF-8.
    """
    mirror = find_mirror(path)
    return (mirror.remote.read(mirror.name(path)) if mirror else path.read_bytes()).decode()


@contextmanager
def fetched(folder: Path) -> Iterator[Path]:
    """Have the files of a folder here in full for as long as the context lasts.

    Raises:
        OSError: the storage does not answer.
    """
    mirror = find_mirror(folder)
    if mirror is None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="tune_app-state-") as parent:
        inside = mirror.name(folder)
        RemoteFolder(mirror.remote.url).pull(Path(parent), lambda name: True, inside)
        yield Path(parent) / inside


def remove(paths: Iterable[Path]) -> None:
    """Delete files, here and there.

    Raises:
        OSError: the storage does not answer.
    """
    for path in paths:
        path.unlink(missing_ok=True)
        mirror = find_mirror(path)
        if mirror:
            mirror.remote.remove([mirror.name(path)])


def remove_folders(parent: Path, pattern: str) -> None:
    """Delete the folders in ``parent`` whose names match, with all they hold, here and there.

    Of a symbolic link nothing is deleted: ``rmtree`` follows none. A folder that cannot be deleted
    stays.

    Raises:
        OSError: the storage does not answer.
    """
    for path in parent.glob(pattern):
        shutil.rmtree(path, ignore_errors=True)
    mirror = find_mirror(parent)
    if mirror:
        inside = f"{mirror.name(parent)}/"
        mirror.remote.remove(
            name
            for name in mirror.remote.files(inside.rstrip("/"))
            if Path(name.removeprefix(inside).split("/")[0]).match(pattern)
        )


def put_aside(folder: Path, name: str) -> None:
    """Give a study another name beside the old one, here and there.

    Raises:
        OSError: the storage does not answer.
    """
    mirror = find_mirror(folder)
    if mirror:
        mirror.remote.rename(name)
        shutil.rmtree(folder)
    else:
        folder.rename(folder.with_name(name))


def ray_storage(path: Path) -> dict[str, Any]:
    """Return where Ray Tune is to keep what it writes itself, as its ``RunConfig`` takes it."""
    mirror = find_mirror(path)
    return mirror.remote.ray_storage(mirror.name(path)) if mirror else {"storage_path": str(path)}
