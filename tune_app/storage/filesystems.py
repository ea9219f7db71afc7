"""The file system behind a URL.

PyArrow's file systems are used, as Ray Tune itself does for its storage: nothing further has to be
installed for S3 and Google Cloud Storage, and credentials come from where their own tools take
them. A URL of another scheme goes through fsspec if that knows it.
"""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from search_spaces.errors import UserError

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


def _with_whole_writes(url: str) -> str:
    """Have small files written to S3 in one request, not in the three of a large one."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or "allow_delayed_open" in parts.query:
        return url
    return urlunsplit(parts._replace(query=f"{parts.query}&allow_delayed_open=true".lstrip("&")))


def open_url(url: str) -> tuple[Any, str]:
    """Return (PyArrow file system, path in it).

    Raises:
        UserError: it is no URL, or of a scheme that nothing here can read.
    """
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
