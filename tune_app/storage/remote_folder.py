"""A folder at a URL (``s3://bucket/studies``, ``gs://``, …), and what of it a program needs here.

PyArrow's file systems are used, as Ray Tune itself does for its storage: nothing further has to be
installed for S3 and Google Cloud Storage, and credentials come from where their own tools take
them. A URL of another scheme goes through fsspec if that knows it.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from search_spaces.errors import UserError
from tune_app.storage.whole_file import whole_file

_ALLOWED = "s3://, gs://, file:///… and what the installed fsspec opens by its name alone"
_NO_STORAGE = {
    **dict.fromkeys(("memory", "mock"), "what is there ends with the process that wrote it"),
    **dict.fromkeys(
        ("http", "https"),
        "nothing can be written there; for a server that speaks S3 name s3://BUCKET/FOLDER and set "
        "AWS_ENDPOINT_URL to its address",
    ),
}
"""Scheme that can be opened -> why no study can be there."""
_NUM_TRANSFERS = 16
"""Small files are bound by the way there and back, so many travel at once."""

Version = tuple[int, int]
"""(bytes, nanoseconds since 1970) of a file, which change with its content."""


@contextlib.contextmanager
def _errors_of_storage() -> Iterator[None]:
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
        self._filesystem, self._path = _open(url)
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

    @_errors_of_storage()
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

    @_errors_of_storage()
    def read(self, relative: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: it is not there.
            OSError: the storage does not answer.
        """
        with self._filesystem.open_input_stream(self._join(relative)) as stream:
            return bytes(stream.read())

    @_errors_of_storage()
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

    @_errors_of_storage()
    def remove(self, relatives: Iterable[str]) -> None:
        """Delete files; one that is gone already is none the worse for it.

        Raises:
            OSError: the storage does not answer.
        """

        def remove(relative: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                self._filesystem.delete_file(self._join(relative))

        _each(remove, relatives)

    def pull(self, folder: Path, wanted: Callable[[str], bool], under: str = "") -> None:
        """Bring a local folder up to date.

        Every file there appears here, those that are not ``wanted`` empty, to be seen by name; the
        content of those that have not changed since the last pull is not fetched again. What is
        gone there goes here.

        Raises:
            OSError: the storage does not answer, or the folder cannot be written.
        """
        there = self.files(under)
        for gone in [name for name in self._pulled if name not in there and _under(name, under)]:
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

        _each(fetch, changed)

    @_errors_of_storage()
    def move_contents(self, name: str, leave: str) -> None:
        """Move what is inside to a folder beside this one: copied, then deleted, file by file.

        Args:
            name: the other folder's name.
            leave: the folder inside that stays where it is.

        Raises:
            OSError: the storage does not answer.
        """
        from pyarrow.fs import FileSelector, FileType, copy_files

        target = str(PurePosixPath(self._path).with_name(name))
        inside = self._filesystem.get_file_info(FileSelector(self._path))
        moved = [entry for entry in inside if entry.base_name != leave]
        self._filesystem.create_dir(target)
        for entry in moved:
            if entry.type == FileType.Directory:
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


def _each(function: Callable[[str], None], names: Iterable[str]) -> None:
    """Call a function for every name, many at once; an error of one is raised."""
    with ThreadPoolExecutor(_NUM_TRANSFERS) as pool:
        for _ in pool.map(function, names):
            pass


def _under(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _is_inside(name: str) -> bool:
    return bool(name) and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def _with_whole_writes(url: str) -> str:
    """Have small files written to S3 in one request, not in the three of a large one."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or "allow_delayed_open" in parts.query:
        return url
    return urlunsplit(parts._replace(query=f"{parts.query}&allow_delayed_open=true".lstrip("&")))


def _open(url: str) -> tuple[Any, str]:
    """Return (PyArrow file system, path in it)."""
    from pyarrow.fs import FileSystem

    parts = urlsplit(url)
    if not parts.scheme or not (parts.path.strip("/") or parts.netloc):
        raise UserError(f"{url}: not a URL of a folder; such as s3://bucket/studies")
    if "@" in parts.netloc:  # the URL is printed, and recorded with the study
        raise UserError(
            f"{parts.scheme}://***@{parts.netloc.rpartition('@')[2]}: credentials do not belong in "
            "a URL; put them where their own tools look (AWS_ACCESS_KEY_ID, say)"
        )
    if parts.scheme in _NO_STORAGE:
        raise UserError(f"{url}: {_NO_STORAGE[parts.scheme]}; allowed: {_ALLOWED}")
    try:
        filesystem, path = FileSystem.from_uri(_with_whole_writes(url))
    except (ValueError, OSError, ImportError) as error:
        filesystem, path = _fsspec_filesystem(parts.scheme), f"{parts.netloc}{parts.path}"
        if filesystem is None:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"{url}: cannot be opened ({reason}); allowed: {_ALLOWED}") from None
    return filesystem, path.rstrip("/")


def _fsspec_filesystem(scheme: str) -> Any:
    """Return fsspec's file system of a scheme for PyArrow, None if it has none or wants more."""
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    if scheme in ("file", "local"):  # a path that is not absolute is another one on every node
        return None
    try:
        import fsspec

        made = fsspec.get_filesystem_class(scheme)
        # Called in vain, some leave behind half an object, whose end is a traceback on the screen.
        inspect.signature(made.__init__).bind(None)
        return PyFileSystem(FSSpecHandler(fsspec.filesystem(scheme)))
    except Exception:  # whatever is amiss with its arguments or the packages that it needs
        return None
