"""The file system behind a URL.

PyArrow's file systems are used, as in Ray Tune. S3 and Google Cloud Storage need no further
package, and credentials are found where those services' own tools find them. A URL of another
scheme is opened with fsspec, if fsspec knows the scheme.
"""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from search_spaces.errors import UserError

_ALLOWED = "s3://, gs://, file:///…, and schemes that the installed fsspec opens without options"
_NO_STORAGE = {
    **dict.fromkeys(("memory", "mock"), "what is written there is lost when the process ends"),
    **dict.fromkeys(
        ("http", "https"),
        "nothing can be written there; for a server with an S3 interface use s3://BUCKET/FOLDER "
        "and set AWS_ENDPOINT_URL to its address",
    ),
}
"""Schemes that can be opened but cannot hold a study -> the reason."""


def _with_whole_writes(url: str) -> str:
    """Return a URL for which PyArrow writes a small file to S3 in one request instead of three."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or "allow_delayed_open" in parts.query:
        return url
    return urlunsplit(parts._replace(query=f"{parts.query}&allow_delayed_open=true".lstrip("&")))


def open_url(url: str) -> tuple[Any, str]:
    """Return the PyArrow file system of a URL, and the path in it.

    Raises:
        UserError: the text is not a URL, or its scheme is not supported.
    """
    from pyarrow.fs import FileSystem

    try:
        parts = urlsplit(url)
    except ValueError as error:
        place = url.rpartition("@")[2]  # what comes before may be a password
        raise UserError(f"{place}: not the URL of a folder ({error})") from None
    if not parts.scheme or not (parts.path.strip("/") or parts.netloc):
        raise UserError(f"{url}: not the URL of a folder; an example is s3://bucket/studies")
    if "@" in parts.netloc:  # the URL is printed and recorded with the study
        raise UserError(
            f"{parts.scheme}://***@{parts.netloc.rpartition('@')[2]}: a URL must not hold "
            "credentials; set them as the storage's own tools expect, e.g. in AWS_ACCESS_KEY_ID"
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
    """Return fsspec's file system of a scheme for PyArrow.

    Return None if fsspec has none, or if the file system needs arguments.
    """
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    if scheme in ("file", "local"):  # a relative path would differ from node to node
        return None
    try:
        import fsspec

        made = fsspec.get_filesystem_class(scheme)
        # A constructor that fails can leave a half-made object, which prints a traceback when it is
        # deleted. So see first whether the constructor can be called without arguments.
        inspect.signature(made.__init__).bind(None)
        return PyFileSystem(FSSpecHandler(fsspec.filesystem(scheme)))
    except Exception:  # anything can be wrong with its arguments or the packages that it needs
        return None
