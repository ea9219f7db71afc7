"""A folder at a URL such as ``s3://bucket/studies``: list, read, write, move, delete its files."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tune_app.storage.filesystems import open_url
from tune_app.storage.whole_file import whole_file

_NUM_TRANSFERS = 16
"""The time of a small transfer is mostly latency, so many run at once."""
_BLOCK_BYTES = 2**20

Version = tuple[int, int]
"""Size in bytes and modification time in nanoseconds since 1970; they change with the content."""


@contextlib.contextmanager
def _raising_os_errors() -> Iterator[None]:
    """Turn every error of a file system into an ``OSError``; many have types of their own."""
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
    """A folder at a URL, which need not exist yet.

    Args:
        url: its URL. Options of the file system may follow as ``?key=value``.

    Attributes:
        url: its URL.

    Raises:
        UserError: the text is not a URL, or its scheme is not supported.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._filesystem, self._path = open_url(url)

    def __reduce__(self) -> tuple[type[RemoteFolder], tuple[str]]:
        """Pickle the folder as its URL."""
        return RemoteFolder, (self.url,)

    @property
    def name(self) -> str:
        """The last part of the folder's path."""
        return PurePosixPath(self._path).name

    def child_url(self, relative: str) -> str:
        """Return the URL of a path inside this folder, with the same options."""
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{relative}" if relative else parts.path
        return urlunsplit(parts._replace(path=path))

    def sibling_url(self, name: str) -> str:
        """Return the URL of a folder beside this one, with the same options."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=str(PurePosixPath(parts.path).with_name(name))))

    def ray_storage(self, relative: str) -> dict[str, Any]:
        """Return a path inside this folder as keyword arguments of Ray Tune's ``RunConfig``."""
        return {"storage_path": self._join(relative), "storage_filesystem": self._filesystem}

    @_raising_os_errors()
    def files(self, under: str = "") -> dict[str, Version]:
        """Return the files below a folder: path relative to this folder -> version.

        A folder that does not exist has no files. Names that would lead out of the folder are left
        out.

        Args:
            under: the folder, relative to this one (default: this one).

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
    def read(self, relative: str, most_bytes: int | None = None) -> bytes:
        """Return the content of a file, or its beginning if it is larger than ``most_bytes``.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the storage does not answer.
        """
        with self._filesystem.open_input_stream(self._join(relative)) as stream:
            return bytes(stream.read(most_bytes))

    @_raising_os_errors()
    def write(self, relative: str, content: bytes | Path) -> None:
        """Write a file. Readers see the whole new file or the old one, never a part.

        Args:
            relative: the path inside this folder.
            content: the content, or the local file that has it.

        Raises:
            OSError: the file cannot be written.
        """
        path = self._join(relative)
        if isinstance(content, Path):
            content = content.read_bytes()
        # An object store shows an object once it is complete. A local file shows from its first
        # byte, so it is written under another name first.
        is_local = self._filesystem.type_name == "local"
        opened = whole_file(Path(path)) if is_local else self._filesystem.open_output_stream(path)
        with opened as stream:
            stream.write(content)

    @_raising_os_errors()
    def remove(self, relatives: Iterable[str]) -> None:
        """Delete files. It is no error if one does not exist.

        Raises:
            OSError: the storage does not answer.
        """

        def remove(relative: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                self._filesystem.delete_file(self._join(relative))

        for_each_in_parallel(remove, relatives)

    def remove_if_empty(self, relative: str = "") -> None:
        """Delete a folder (default: this one) if nothing is in it.

        Object stores have no folders of their own, so this does nothing there.
        """
        if self._filesystem.type_name == "local":
            with contextlib.suppress(OSError):
                Path(self._join(relative)).rmdir()

    @_raising_os_errors()
    def fetch(self, relative: str, path: Path) -> None:
        """Copy a file to this machine, without holding it in memory.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the storage does not answer, or the local file cannot be written.
        """
        with (
            self._filesystem.open_input_stream(self._join(relative)) as stream,
            path.open("wb") as file,
        ):
            shutil.copyfileobj(stream, file, _BLOCK_BYTES)

    @_raising_os_errors()
    def move_contents(self, name: str, leave: str) -> None:
        """Move the content to a new folder beside this one: all is copied, then deleted here.

        Args:
            name: the name of the new folder.
            leave: the folder inside this one that stays where it is.

        Raises:
            FileExistsError: a folder of that name exists.
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
            if entry.type == FileType.Directory:  # copy_files creates only its subfolders
                self._filesystem.create_dir(f"{target}/{entry.base_name}")
            copy_files(
                entry.path,
                f"{target}/{entry.base_name}",
                source_filesystem=self._filesystem,
                destination_filesystem=self._filesystem,
            )
        self.delete_contents(leave)

    @_raising_os_errors()
    def delete_contents(self, leave: str) -> None:
        """Delete everything in this folder.

        Args:
            leave: the folder inside this one that stays where it is.

        Raises:
            OSError: the storage does not answer.
        """
        from pyarrow.fs import FileSelector, FileType

        for entry in self._filesystem.get_file_info(FileSelector(self._path)):
            if entry.base_name != leave:
                is_file = entry.type == FileType.File
                delete = self._filesystem.delete_file if is_file else self._filesystem.delete_dir
                delete(entry.path)

    def _join(self, relative: str) -> str:
        return f"{self._path}/{relative}" if relative else self._path


def for_each_in_parallel(function: Callable[[str], None], names: Iterable[str]) -> None:
    """Call a function for every name, many at once; raise the first error."""
    with ThreadPoolExecutor(_NUM_TRANSFERS) as pool:
        for _ in pool.map(function, names):
            pass


def _is_inside(name: str) -> bool:
    return bool(name) and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))
