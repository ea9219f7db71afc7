"""Write files atomically; tables as CSV, which no spreadsheet executes, and as Parquet."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from search_spaces.errors import UserError
from tune_app.storage.csv_text import safe_cell

_LARGEST = 2**63
"""Of the whole numbers that Parquet has a type for."""


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file under another name and rename it, so that no half-written file is ever seen.

    Raises:
        UserError: it cannot be written.
    """
    if isinstance(content, str):
        content = content.encode(errors="backslashreplace")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); name another directory with --out"
        ) from None
    return path


def replace_listed(listing: Path, written: Sequence[Path]) -> None:
    """Delete the files that a list names and that were not written again; then list the new ones.

    Only what the list names is deleted: the user's own files beside them stay.

    Args:
        listing: the list, which need not exist. It names files in folders beside it.
        written: the files written, in folders beside the list.

    Raises:
        UserError: a file cannot be deleted, or the list not be written.
    """
    names = [path.relative_to(listing.parent).as_posix() for path in written]
    for name in _names_in(listing):
        path = listing.parent / name
        parts = Path(name).parts
        inside = len(parts) == 2 and ".." not in parts and not Path(name).is_absolute()
        if inside and "\0" not in name and name not in names and not path.parent.is_symlink():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError(
                    f"{path}: cannot be deleted ({error.strerror}); delete it"
                ) from None
    write_whole(listing, "".join(f"{name}\n" for name in names))


def _names_in(listing: Path) -> list[str]:
    try:
        return listing.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{listing}: cannot be read ({error.strerror}); delete it") from None


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV in which no text is taken for a formula. Numbers are not changed."""
    safe = frame.copy()
    for position, column in enumerate(frame.columns):
        if not pd.api.types.is_numeric_dtype(frame[column]):
            safe.isetitem(position, [safe_cell(value) for value in frame[column]])
    return str(safe.rename(columns=safe_cell).to_csv(index=False))


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame as Parquet, in which numbers, truth values, text and times keep their types.

    A column of several types, such as ``gamma`` with ``"scale"`` and 0.01, becomes text; whole
    numbers with gaps stay whole numbers.
    """
    content = io.BytesIO()
    typed = {
        str(column): _of_one_type(frame[column]) if frame[column].dtype == object else frame[column]
        for column in frame.columns
    }
    pd.DataFrame(typed).to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def _of_one_type(values: pd.Series[Any]) -> pd.Series[Any]:
    known = values.dropna()
    kinds = {type(value) for value in known}
    if kinds == {bool}:
        return values.astype("boolean")
    if kinds == {int} and all(abs(value) < _LARGEST for value in known):
        return values.astype("Int64")
    if kinds and kinds <= {int, float, np.float64} and bool not in kinds:
        return values.astype("float64")
    return values.map(str, na_action="ignore").astype("string")
