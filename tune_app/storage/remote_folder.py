"""A folder at a URL (``s3://bucket/studies``, ``gs://``, …) and what a program needs of it here."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tune_app.storage.filesystems import open_url
from tune_app.storage.whole_file import whole_file

_NUM_TRANSFERS = 16
"""Small files are bound by the way there and back, so many travel at once."""

Version = tuple[int, int]
"""(bytes, nanoseconds since 1970) of a file, which change with its content."""


@contextlib.contextmanager
def _raising_os_errors() -> Iterator[None]:
    """Make an ``OSError`` of whatever a file system raises; many have kinds of their own."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def is_url(text: str) -> bool:
    """Return whether a storage path names a URL rather than a folder."""
    return "://" in text


class RemoteFolder:
    """A folder at a URL; it need not exist.

    Args:
        url: where it is; options of the file system may follow as ``?key=value``.

    Attributes:
        url: the same.

    Raises:
        UserError: the URL is none, or of a scheme that nothing here can read.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._filesystem, self._path = open_url(url)
        self._pulled: dict[str, Version] = {}

    def __reduce__(self) -> tuple[type[RemoteFolder], tuple[str]]:
        """Travel to another process as a URL."""
        return RemoteFolder, (self.url,)

    @property
    def name(self) -> str:
        """The last part of the folder's path."""
        return PurePosixPath(self._path).name

    def child_url(self, relative: str) -> str:
        """Return the URL of what lies inside, options kept."""
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{relative}" if relative else parts.path
        return urlunsplit(parts._replace(path=path))

    def sibling_url(self, name: str) -> str:
        """Return the URL of a folder beside this one."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=str(PurePosixPath(parts.path).with_name(name))))

    def ray_storage(self, relative: str) -> dict[str, Any]:
        """Return what lies inside as Ray Tune's ``RunConfig`` takes it."""
        return {"storage_path": self._join(relative), "storage_filesystem": self._filesystem}

    @_raising_os_errors()
    def files(self, under: str = "") -> dict[str, Version]:
        """Return every file: path relative to the folder -> version; none if there is no folder.

        A name that would lead out of the folder is left out.

        Raises:
            OSError: the storage does not answer.
        """
        from pyarrow.fs import FileSelector, FileType

        selector = FileSelector(self._join(under), recursive=True, allow_not_found=True)
        return {
            name: (entry.size or 0, entry.mtime_ns or 0)
            for entry in self._filesystem.get_file_info(selector)
            if entry.type == FileType.File
            and _is_inside(name := entry.path[len(self._path) :].lstrip("/"))
        }

    @_raising_os_errors()
    def read(self, relative: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: it is not there.
            OSError: the storage does not answer.
        """
        with self._filesystem.open_input_stream(self._join(relative)) as stream:
            return bytes(stream.read())

    @_raising_os_errors()
    def write(self, relative: str, content: bytes | Path) -> None:
        """Write a file, given as its content or as a local file; readers see all of it or nothing.

        Raises:
            OSError: it cannot be written.
        """
        path = self._join(relative)
        if isinstance(content, Path):
            content = content.read_bytes()
        # An object store shows an object once it is complete; a file is there from its first byte.
        is_local = self._filesystem.type_name == "local"
        opened = whole_file(Path(path)) if is_local else self._filesystem.open_output_stream(path)
        with opened as stream:
            stream.write(content)

    @_raising_os_errors()
    def remove(self, relatives: Iterable[str]) -> None:
        """Delete files; one that is gone already is none the worse for it.

        Raises:
            OSError: the storage does not answer.
        """

        def remove(relative: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                self._filesystem.delete_file(self._join(relative))

        _for_each_in_parallel(remove, relatives)

    def pull(self, folder: Path, wanted: Callable[[str], bool], under: str = "") -> None:
        """Bring a local folder up to date.

        Every file there appears here, those that are not ``wanted`` empty, to be seen by name; the
        content of those that have not changed since the last pull is not fetched again. What is
        gone there goes here.

        Raises:
            OSError: the storage does not answer, or the folder cannot be written.
        """
        there = self.files(under)
        for gone in [name for name in self._pulled if name not in there and _is_under(name, under)]:
            (folder / gone).unlink(missing_ok=True)
            del self._pulled[gone]
        changed = [n for n, version in there.items() if self._pulled.get(n) != version]
        for name in changed:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)

        def fetch(name: str) -> None:
            try:
                content = self.read(name) if wanted(name) else b""
            except FileNotFoundError:  # deleted since it was listed
                return
            (folder / name).write_bytes(content)
            self._pulled[name] = there[name]

        _for_each_in_parallel(fetch, changed)

    @_raising_os_errors()
    def move_contents(self, name: str, leave: str) -> None:
        """Move what is inside to a new folder beside this one: copied, then deleted, file by file.

        Args:
            name: the other folder's name.
            leave: the folder inside that stays where it is.

        Raises:
            FileExistsError: there is a folder of that name.
            OSError: the storage does not answer.
        """
        from pyarrow.fs import FileSelector, FileType, copy_files

        target = str(PurePosixPath(self._path).with_name(name))
        if self._filesystem.get_file_info(target).type != FileType.NotFound:
            where = self.sibling_url(name)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), where)
        inside = self._filesystem.get_file_info(FileSelector(self._path))
        moved = [entry for entry in inside if entry.base_name != leave]
        self._filesystem.create_dir(target)
        for entry in moved:
            if entry.type == FileType.Directory:  # copy_files creates those inside it only
                self._filesystem.create_dir(f"{target}/{entry.base_name}")
            copy_files(
                entry.path,
                f"{target}/{entry.base_name}",
                source_filesystem=self._filesystem,
                destination_filesystem=self._filesystem,
            )
        for entry in moved:
            is_file = entry.type == FileType.File
            delete = self._filesystem.delete_file if is_file else self._filesystem.delete_dir
            delete(entry.path)

    def _join(self, relative: str) -> str:
        return f"{self._path}/{relative}" if relative else self._path


def _for_each_in_parallel(function: Callable[[str], None], names: Iterable[str]) -> None:
    """Call a function for every name, many at once; an error of one is raised."""
    with ThreadPoolExecutor(_NUM_TRANSFERS) as pool:
        for _ in pool.map(function, names):
            pass


def _is_under(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _is_inside(name: str) -> bool:
    return bool(name) and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))
