"""Write files atomically, and CSV files that no spreadsheet takes for formulas."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pandas as pd

from search_spaces.errors import UserError

_FORMULA = re.compile(r"""((?:^|;)[\s"]*)([=+\-@＝＋－＠])""")
"""The beginning of a formula, in a cell or after a ``;``. Some programs accept wide characters."""


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


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV in which no text is taken for a formula.

    A spreadsheet executes a cell that begins with ``=``, ``+``, ``-`` or ``@``. An apostrophe
    before it makes the cell text (OWASP, "CSV Injection"). The apostrophe is also added after a
    ``;``, which separates cells in many countries. Text becomes one printable line. Numbers are
    not changed.
    """
    safe = frame.copy()
    for position, column in enumerate(frame.columns):
        if not pd.api.types.is_numeric_dtype(frame[column]):
            safe.isetitem(position, [_as_text(value) for value in frame[column]])
    return str(safe.rename(columns=_as_text).to_csv(index=False))


def _as_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    flat = "".join(c if c.isprintable() else _escaped(c) for c in value)
    return _FORMULA.sub(r"\1'\2", flat)


def _escaped(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode()
