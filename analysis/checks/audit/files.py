"""Read a file's text, or say what kind of file it is instead; turn JSON records into rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError

_MOST_BYTES = 50_000_000
_FORMATS = {
    b"PK\x03\x04": "a workbook or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"SQLite": "a SQLite database",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
}


def text_of(path: Path) -> str:
    """Return a file's text.

    Raises:
        UserError: the file cannot be read, is too large, or is no text.
    """
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: not a regular file; give a CSV file or a study directory")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read ({why}); give a CSV file") from None
    if len(content) > _MOST_BYTES:
        raise UserError(f"{path}: larger than {_MOST_BYTES // 10**6} MB; cut it into parts")
    for start, kind in _FORMATS.items():
        if content.startswith(start):
            raise UserError(f"{path}: {kind}, not a text file; save the table as CSV")
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else []
    for encoding in (*encodings, "utf-8-sig", "cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if "\0" in text:
        raise UserError(f"{path}: not a text file; save the table as CSV")
    if "<table" in text[:10_000].lower() and "<html" in text[:10_000].lower():
        raise UserError(f"{path}: a web page; copy its table into a spreadsheet and save it as CSV")
    return text


def json_rows(text: str) -> list[list[str]] | None:
    """Return headings and rows of JSON lines or of a list of records, None if it is neither.

    Numbers keep the digits they are written with. Keys of nested records are joined with ``/``.
    """
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        try:
            lines = [line for line in text.splitlines() if line.strip()]
            found = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
        except ValueError:
            return None
    records = _records(found)
    if not records or not all(isinstance(record, dict) for record in records):
        return None
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    return [names, *([record.get(name, "") for name in names] for record in flat)]


def _records(found: Any) -> list[Any]:
    """Return the records of a list, of one record, or of columns as pandas writes them."""
    if not isinstance(found, dict) or not found:
        return found if isinstance(found, list) else [found]
    columns = [
        c if isinstance(c, list) else list(c.values())
        for c in found.values()
        if c and not isinstance(c, str)
    ]
    if len(columns) < len(found) or len({len(column) for column in columns}) != 1:
        return [found]
    return [dict(zip(found, row, strict=True)) for row in zip(*columns, strict=True)]


def _flat(record: dict[str, Any], above: str = "") -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            cells |= _flat(value, f"{above}{key}/")
        elif value is not None:
            cells[f"{above}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return cells
