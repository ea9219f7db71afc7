"""Read a user's table as one to audit: its columns, units and printed digits."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.checks.audit.cells import is_missing, plain
from analysis.checks.audit.column import Column
from analysis.checks.audit.columns import Options, name_columns
from analysis.checks.audit.headings import BOOKKEEPING, KNOWN, NOTE, meaning_of
from analysis.checks.audit.layout import Cells, read_cells
from analysis.checks.audit.rows import rows_of_differences, rows_with_a_result
from analysis.checks.audit.table import MEASURED, QUALITY, SETTINGS, Table
from analysis.checks.audit.values import values_of
from analysis.checks.audit.wide import arms_of, one_row_per_arm
from analysis.labs.reference import Protocol
from search_spaces.errors import UserError, choices, did_you_mean

_DATASETS = {"fashionmnist": "fashion_mnist", "mnist": "mnist"}
_DEVICES = {"gpu": "cuda"}
_MOST_NAMED = 3


def read_csv(path: Path, options: Options) -> Table:
    """Read a table from a CSV, Markdown, LaTeX or JSON file.

    Raises:
        UserError: the file cannot be read, has no column of results, or lacks a column that
            ``options`` names.
    """
    cells = read_cells(path)
    if turned := _turned(cells):
        cells = turned
    cells, names = _without_differences(cells)
    columns = name_columns(path, cells, options)
    remarks = list(cells.remarks)
    if arms_of(columns):
        columns, names, remark = one_row_per_arm(columns, names)
        remarks.append(remark)
    odd = _unread(columns, names)
    kept, dropped = rows_with_a_result(columns)
    columns, names = [_only(column, kept) for column in columns], [names[row] for row in kept]
    _check_measured(path, columns, names)
    frame, unit, understood = _frames(columns, options.percent)
    settings = tuple(c.name for c in columns if c.is_setting and c.name in frame)
    _check_compared(path, options.compared, settings)
    printed = {c.heading: c for c in columns if c.is_numeric and c.name not in BOOKKEEPING}
    return Table(
        name=path.name,
        frame=frame,
        unit=unit.drop(columns="num_test", errors="ignore"),
        settings=settings,
        num_test=_num_test(frame, options.num_test),
        protocol=Protocol(num_images=options.num_images, selection=options.selected_on),
        averaging=options.averaging or _averaging(columns),
        is_averaging_stated=options.averaging is not None,
        runs=options.runs or (None if _are_means(columns) else 1),
        is_runs_stated=options.runs is not None,
        ceiling=options.ceiling,
        compared=tuple(options.compared),
        remarks=(understood, *remarks, *dropped, *_mean_remark(columns, options), *odd),
        names=tuple(names),
        printed=pd.DataFrame({h: [n.value for n in c.numbers] for h, c in printed.items()}),
        printed_unit=pd.DataFrame({h: [n.digit for n in c.numbers] for h, c in printed.items()}),
        texts=pd.DataFrame({c.heading: c.cells for c in columns if not c.is_numeric}),
    )


def _check_compared(path: Path, compared: Sequence[str], settings: Sequence[str]) -> None:
    for name in compared:
        if name not in settings:
            raise UserError(
                f"--compare {name}: no such setting in {path}{did_you_mean(name, settings)}; "
                f"there are: {choices(settings) or 'none'}"
            )


def _turned(cells: Cells) -> Cells | None:
    """Exchange rows and columns of a table whose rows are quantities and not runs."""
    names = [row[0] for row in cells.rows]
    quantities = sum(meaning_of(name).name in MEASURED for name in names)
    if quantities * 2 < len(names) or any(meaning_of(h).name in MEASURED for h in cells.header[1:]):
        return None
    rows = [list(column) for column in zip(cells.header, *cells.rows, strict=True)]
    header = [cells.header[0] if meaning_of(cells.header[0]).name in SETTINGS else "model", *names]
    remarks = [*cells.remarks, "its rows are quantities: rows and columns were exchanged"]
    return cells._replace(header=header, rows=rows[1:], remarks=remarks)


def _without_differences(cells: Cells) -> tuple[Cells, list[str]]:
    """Leave out rows of differences; return the others, and their names."""
    differences = rows_of_differences(cells.rows)
    kept = [row for row in range(len(cells.rows)) if row not in differences]
    remarks = cells.remarks
    if differences:
        remarks = [*remarks, f"rows of differences, left out: {len(differences)}"]
    rows = [cells.rows[row] for row in kept]
    return cells._replace(rows=rows, remarks=remarks), [str(row + 1) for row in kept]


def _frames(
    columns: Sequence[Column], percent: bool | None
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return the values, their last digits, and one line on what each column was taken for."""
    index = range(len(columns[0].cells))
    frame, unit = pd.DataFrame(index=index), pd.DataFrame(index=index)
    meanings, unused = [], []
    for column in columns:
        name, heading = column.name, column.heading
        commas = ", decimal commas" if column.has_decimal_comma else ""
        guessed = ", a guess" if column.meaning.is_guess else ""
        if name in BOOKKEEPING or name == NOTE or name in frame:
            unused.append(heading)
        elif name in MEASURED or name == "num_test":
            found = values_of(column, percent)
            frame[name], unit[name] = found.values, found.digits
            meanings.append(f"{heading} -> {' '.join([name, found.how]).strip()}{commas}{guessed}")
        else:
            frame[name] = pd.Series([_setting(column, row) for row in index], dtype=object)
            what = name if name in KNOWN else "a setting"
            meanings.append(f"{heading} -> {what}{commas}{guessed}")
    meanings += [f"not used: {', '.join(unused)}"] if unused else []
    if "test_accuracy" not in frame:
        meanings.append("no column of accuracies; --map test_accuracy=COLUMN names one")
        frame["test_accuracy"], unit["test_accuracy"] = np.nan, np.nan
    return frame, unit, "columns: " + "; ".join(meanings)


def _setting(column: Column, row: int) -> object:
    cell = plain(column.cells[row])
    if is_missing(column.cells[row]):
        return None
    number = column.numbers[row]
    name, bare = column.name, re.sub(r"[^0-9a-z]+", "", cell.lower())
    if name == "dataset":
        return _DATASETS.get(bare, cell)
    if name == "model" and bare.startswith("resnet"):
        return bare
    if name == "device":
        return _DEVICES.get(bare, cell)
    is_number = not number.unit and not math.isnan(number.value)
    return number.value if "," in cell and is_number else cell


def _only(column: Column, rows: Sequence[int]) -> Column:
    return column._replace(
        cells=[column.cells[row] for row in rows], numbers=[column.numbers[row] for row in rows]
    )


def _check_measured(path: Path, columns: Sequence[Column], names: Sequence[str]) -> None:
    """Refuse a table without any result."""
    if any(column.name in MEASURED and column.known for column in columns):
        return
    for column in columns:
        if column.meaning.name in MEASURED or "acc" in column.heading.lower():
            for name, cell, number in zip(names, column.cells, column.numbers, strict=True):
                if not is_missing(cell) and math.isnan(number.value):
                    raise UserError(
                        f"{path}: row {name}, column {column.heading}: {cell[:40]!r} is not "
                        "a number, and there is no other result; leave it empty if there is none"
                    )
    raise UserError(
        f"{path}: no column of results was found; name it with --map test_accuracy=COLUMN; "
        f"there are: {choices([column.heading for column in columns])}"
    )


def _unread(columns: Sequence[Column], names: Sequence[str]) -> list[str]:
    """Name the cells of measured columns that are no numbers."""
    odd = [
        f"row {names[row]}, column {column.heading}: {cell[:40]!r}"
        for column in columns
        if column.name in (*MEASURED, "num_test")
        for row, cell in enumerate(column.cells)
        if not is_missing(cell) and math.isnan(column.numbers[row].value)
    ]
    more = f" and {len(odd) - _MOST_NAMED} more" if len(odd) > _MOST_NAMED else ""
    return [f"not a number, left out: {'; '.join(odd[:_MOST_NAMED])}{more}"] if odd else []


def _num_test(
    frame: pd.DataFrame, stated: int | None
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if stated is not None or "num_test" not in frame:
        return np.full(len(frame), np.nan if stated is None else stated, dtype=np.float64)
    counts = np.array(frame["num_test"], dtype=np.float64)
    return np.where((counts >= 1) & (counts == np.rint(counts)), counts, np.nan)


def _averaging(columns: Sequence[Column]) -> str | None:
    named = {column.meaning.averaging for column in columns if column.name in QUALITY}
    return named.pop() if len(named) == 1 else None


def _mean_remark(columns: Sequence[Column], options: Options) -> list[str]:
    if options.runs is not None or not _are_means(columns):
        return []
    return ["rows are means of several runs; --runs N says of how many"]


def _are_means(columns: Sequence[Column]) -> bool:
    """Return whether headings or spreads beside the accuracies say that rows are means."""
    return any(
        column.meaning.is_mean
        or (column.name == "test_accuracy" and any(number.is_mean for number in column.numbers))
        for column in columns
    )
