"""Read a user's CSV file as a table to audit: its columns, units and printed digits."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import BOOKKEEPING, Options, name_columns
from analysis.checks.audit.table import MEASURED, SETTINGS, Table, last_digit
from analysis.labs.reference import Protocol
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.study.measures import is_share

_MISSING = ("", "-", "–", "—", "nan", "n/a", "na", "none", "null")
_ENDED = ("finished", "unconverged")
_DATASETS = {"fashionmnist": "fashion_mnist", "mnist": "mnist"}
_DEVICES = {"gpu": "cuda"}
_MOST_BYTES = 50_000_000
_LARGEST = 1e18


def read_csv(path: Path, options: Options) -> Table:
    """Read a table from a CSV file (comma, semicolon or tab; UTF-8; headings in its first line).

    Raises:
        UserError: the file cannot be read, a column is missing or ambiguous, a cell that must be a
            number is not one, or percentages cannot be told from fractions.
    """
    header, lines = _cells(path)
    columns, remarks = name_columns(path, header, options)
    text = pd.DataFrame(
        {name: [line[i].strip() for line in lines] for name, i in columns.items()}, dtype=object
    )
    kept, dropped = _rows_with_a_result(text)
    text = kept.reset_index(drop=True)
    row_numbers = [int(place) + 1 for place in kept.index]
    remarks += dropped
    frame, unit = pd.DataFrame(index=text.index), pd.DataFrame(index=text.index)
    for name in (c for c in text if c not in BOOKKEEPING):
        if name in MEASURED or name == "num_test":
            numbers, digits, remark = _numbers(
                path, str(name), text[name], row_numbers, options.percent
            )
            frame[name], unit[name] = numbers, digits
            remarks += remark
        else:
            frame[name] = [_setting(str(name), cell) for cell in text[name]]
    num_test = np.full(len(frame), np.nan if options.num_test is None else options.num_test)
    if "num_test" in frame and options.num_test is None:
        stated = np.asarray(frame["num_test"], dtype=np.float64)
        num_test = np.where(stated >= 1, stated, np.nan)
    settings = tuple(c for c in map(str, frame) if c in (*SETTINGS, *options.factors))
    for name in options.compared:
        if name not in settings:
            raise UserError(
                f"--compare {name}: no such setting in {path}{did_you_mean(name, settings)}; "
                f"there are: {choices(settings) or 'none'}"
            )
    return Table(
        name=path.name,
        frame=frame,
        unit=unit.drop(columns="num_test", errors="ignore"),
        settings=settings,
        num_test=num_test.astype(np.float64),
        protocol=Protocol(
            report="",
            source=path.name,
            title="",
            num_images=options.num_images,
            selection=options.selected_on,
        ),
        averaging=options.averaging,
        runs=options.runs,
        ceiling=options.ceiling,
        compared=tuple(options.compared),
        remarks=tuple(remarks),
        names=tuple(str(place + 1) for place in kept.index),
    )


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: not a regular file; give a CSV file or a study directory")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UserError(f"{path}: larger than {_MOST_BYTES // 10**6} MB; cut it into parts")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read ({why}); give a CSV file") from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UserError(f"{path}: not a CSV file ({error}); save it as CSV") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise UserError(f"{path}: no rows; its first line names the columns, the others are rows")
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(rows[0]):
            raise UserError(
                f"{path}: row {number} has {len(row)} cells where the first line names "
                f"{len(rows[0])}; quote cells that hold a {delimiter!r}"
            )
    return rows[0], rows[1:]


def _rows_with_a_result(text: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out rows without a result, and rows that repeat another's result."""
    remarks, kept = [], text
    if "status" in text:
        kept = kept[kept["status"].isin(_ENDED)]
    if len(kept) < len(text):
        remarks.append(f"rows without a result, left out: {len(text) - len(kept)}")
    one_result = [c for c in ("trial_id", "epochs", "seed") if c in kept]
    if "trial_id" in one_result:
        alone = kept[~kept.duplicated(one_result) | kept["trial_id"].isin(_MISSING)]
        if len(alone) < len(kept):
            remarks.append(f"rows that repeat another's result, left out: {len(kept) - len(alone)}")
        kept = alone
    return kept, remarks


def _numbers(
    path: Path, name: str, cells: pd.Series[str], row_numbers: list[int], percent: bool | None
) -> tuple[list[float], list[float], list[str]]:
    """Return a column's values, the last printed digit of each, and a remark on how it was read."""
    values, digits = [], []
    for number, cell in zip(row_numbers, cells, strict=True):
        bare = cell.removesuffix("%").strip()
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", bare):
            bare = bare.replace(",", "")
        digit = last_digit(bare)
        value = math.nan if cell.lower() in _MISSING else float(bare) if digit > 0 else math.inf
        if not (math.isnan(value) or abs(value) < _LARGEST):
            raise UserError(
                f"{path}: row {number}, column {name}: {cell[:40]!r} is not a number; "
                "leave the cell empty if there is none"
            )
        values.append(value)
        digits.append(digit if digit > 0 else math.nan)
    if not is_share(name):
        return values, digits, []
    known = [v for v in values if not math.isnan(v)]
    signed = bool(len(cells)) and all(c.endswith("%") for c in cells if c.lower() not in _MISSING)
    is_percent = percent
    if percent is None:
        is_percent = (signed and bool(known)) or any(v > 1 for v in known)
        if is_percent and not signed and any(0 < v <= 1 for v in known):
            raise UserError(
                f"{path}: column {name} has values up to 1 and above 1, so percentages cannot be "
                "told from fractions; add --percent or --fraction"
            )
    scale = 100.0 if is_percent else 1.0
    remark = f"{name} read as {'percentages' if is_percent else 'fractions'}"
    return [v / scale for v in values], [d / scale for d in digits], [remark]


def _setting(name: str, cell: str) -> str | None:
    if cell.lower() in _MISSING:
        return None
    plain = re.sub(r"[^0-9a-z]+", "", cell.lower())
    if name == "dataset":
        return _DATASETS.get(plain, cell)
    if name == "model" and plain.startswith("resnet"):
        return plain
    return _DEVICES.get(plain, cell) if name == "device" else cell
