"""Decide which column of a user's table is which, by its heading and its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.checks.audit.cells import has_decimal_commas, is_missing, read_number
from analysis.checks.audit.column import Column
from analysis.checks.audit.headings import (
    BOOKKEEPING,
    KNOWN,
    NOTE,
    Meaning,
    is_only_a_summary,
    meaning_of,
)
from analysis.checks.audit.layout import UNNAMED, Cells
from analysis.checks.audit.rows import names_a_summary
from analysis.checks.audit.shares import choose_accuracies
from analysis.checks.audit.table import MEASURED, QUALITY
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.study.measures import is_share

_MOST_DIGITS_OF_A_SETTING = 5
_A_DATE = 1e9
"""Seconds since 1970 in a column headed as a time."""
_NUMERIC = (*MEASURED, "num_test")
_NAMES = ("model", "dataset", "optimizer", "kernel", "device")
"""Settings whose levels are names."""


@dataclass(frozen=True)
class Options:
    """What a user states about a table.

    Attributes:
        names: our column name -> the file's.
        factors: further columns that say how a row was made.
        notes: columns that are not to be used.
        percent: whether accuracies are percentages; None to decide by the numbers.
        num_test: test images of every row.
        num_images: images that were split.
        runs: how many runs each row is the mean of; None if not stated.
        averaging: ``macro``, ``weighted`` or ``micro``.
        ceiling: highest plausible accuracy, a fraction.
        selected_on: ``val`` or ``test``, if a row is called the best.
        compared: settings whose levels are compared as arms.
    """

    names: Mapping[str, str]
    factors: Sequence[str] = ()
    notes: Sequence[str] = ()
    percent: bool | None = None
    num_test: int | None = None
    num_images: int | None = None
    runs: int | None = None
    averaging: str | None = None
    ceiling: float | None = None
    selected_on: str | None = None
    compared: Sequence[str] = ()


def name_columns(path: Path, cells: Cells, options: Options) -> list[Column]:
    """Return every column with its meaning; columns without a use are notes."""
    _check(path, cells.header, options)
    given = {theirs.strip(): ours for ours, theirs in options.names.items()}
    columns, chosen = [], set()
    for position, heading in enumerate(cells.header):
        texts = [row[position] for row in cells.rows]
        comma = has_decimal_commas(texts, cells.delimiter)
        numbers = [read_number(text, comma) for text in texts]
        column = Column(heading, meaning_of(heading), texts, numbers, comma)
        if heading in given:
            chosen.add(given[heading])
            meaning = column.meaning._replace(name=given[heading], is_guess=False)
            column = column._replace(meaning=meaning)
        elif heading in options.factors:
            column = column._replace(meaning=Meaning(heading), is_setting=True)
        elif heading in options.notes:
            column = column._replace(meaning=Meaning(NOTE))
        elif _contradicts(column) or (heading == UNNAMED and not column.is_numeric):
            column = column._replace(meaning=Meaning(""))
        elif _is_something_else(column):
            column = column._replace(meaning=Meaning(NOTE))
        columns.append(column)
    columns = _of_one_average(columns, given, options.averaging)
    columns = _one_each(columns, given)
    columns = choose_accuracies(columns)
    placed = [_placed(column, first=not position) for position, column in enumerate(columns)]
    is_stated = cells.header[0] in (*given, *options.factors)
    return placed if is_stated else _without_run_names(placed)


def _without_run_names(columns: list[Column]) -> list[Column]:
    """Take the first column for a note if it names runs: no two rows would differ in one setting.

    So exports of trackers begin, which also have each run's state or id.
    """
    first, *others = columns
    is_export = any(column.name in ("id", "status") for column in others)
    has_settings = any(column.is_setting and len(set(column.cells)) > 1 for column in others)
    names_rows = len(set(first.cells)) == len(first.cells) and not first.is_numeric
    if is_export and has_settings and names_rows and first.is_setting and first.name not in KNOWN:
        return [first._replace(meaning=Meaning(NOTE), is_setting=False), *others]
    return columns


def _contradicts(column: Column) -> bool:
    """Return whether a column cannot be what its heading says, and its content may say more.

    Such are results without a number, and numbers under ``Model A``, which are that model's.
    """
    if column.name in _NUMERIC:
        return not column.known
    return column.meaning.is_guess and column.name in _NAMES and column.is_numeric


def _is_something_else(column: Column) -> bool:
    """Return whether numbers cannot be what their heading says.

    Such are dates, scores and counts above 100, and errors above 100 that are no shares: distances,
    or word error rates, which count the words that are too many.
    """
    if column.name == "train_seconds":
        return min(column.known) > _A_DATE
    if column.name not in MEASURED or not is_share(column.name):
        return False
    if min(column.known) >= 0 and max(column.known) <= 100:
        return False
    if column.meaning.is_error and max(column.known) > 100:
        return column.meaning.scale is None or bool(column.meaning.arm)
    return column.meaning.is_guess


def _check(path: Path, header: list[str], options: Options) -> None:
    for ours, theirs in options.names.items():
        if theirs.strip() not in header:
            raise UserError(
                f"--map {ours}={theirs}: {path} has no column {theirs!r}"
                f"{did_you_mean(theirs, header)}; there are: {choices(header)}"
            )
    for option, names in (("--factor ", options.factors), ("--map note=", options.notes)):
        for name in names:
            if name not in header and name not in options.names:
                raise UserError(
                    f"{option}{name}: {path} has no such column{did_you_mean(name, header)}; "
                    f"there are: {choices(header)}"
                )


def _of_one_average(
    columns: list[Column], given: Mapping[str, str], stated: str | None
) -> list[Column]:
    """Leave precision, recall and F1 to columns of one average, because only these go together.

    It is the stated one, or the one that most of the three have.
    """
    names: dict[str | None, set[str]] = {}
    for column in columns:
        if column.name in QUALITY and column.heading not in given:
            names.setdefault(column.meaning.averaging, set()).add(column.name)
    if len(names) < 2:
        return columns
    best = stated if stated in names else max(names, key=lambda average: len(names[average]))
    return [
        column._replace(meaning=Meaning(NOTE))
        if column.name in QUALITY
        and column.heading not in given
        and column.meaning.averaging != best
        else column
        for column in columns
    ]


def _one_each(columns: list[Column], given: Mapping[str, str]) -> list[Column]:
    """Leave each name to one column, or to several that name different arms."""
    by_name: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        if column.name in (*KNOWN, *BOOKKEEPING):
            by_name.setdefault(column.name, []).append(position)
    result = list(columns)
    for name, positions in by_name.items():
        mapped = [p for p in positions if columns[p].heading in given]
        named = [p for p in positions if columns[p].meaning.arm]
        arms = {columns[p].meaning.arm for p in named}
        others = [p for p in positions if p not in named]
        are_arms = name in MEASURED and len(arms) == len(named) > 1 and not mapped
        if are_arms and all(columns[p].meaning.is_mean for p in others):
            for p in others:
                result[p] = columns[p]._replace(meaning=Meaning(NOTE))
            continue
        best = max(positions, key=_preference(columns, name, given))
        for position in positions:
            left_over = Meaning(NOTE if name in _NUMERIC else "")
            if position != best:
                result[position] = columns[position]._replace(meaning=left_over)
    return result


def _preference(
    columns: list[Column], name: str, given: Mapping[str, str]
) -> Callable[[int], tuple[bool, ...]]:
    def preference(position: int) -> tuple[bool, ...]:
        column = columns[position]
        plain = column.heading.lower().replace(" ", "_")
        is_split_named = name.split("_", maxsplit=1)[0] in plain
        return (
            column.heading in given,
            plain == name.lower(),
            not column.meaning.is_guess,
            not column.meaning.is_error,
            is_split_named,
            not column.meaning.arm,
        )

    return preference


def _placed(column: Column, first: bool) -> Column:
    """Take a column without a name for a setting or a note, by its content.

    A setting has few values, or is the text that a row begins with.
    """
    if column.name in (*_NUMERIC, *BOOKKEEPING, NOTE) or column.is_setting:
        return column
    if column.name:
        return column._replace(is_setting=column.name in KNOWN and column.name != "converged")
    filled = [cell for cell in column.cells if not is_missing(cell)]
    numbered = [cell for cell in filled if not names_a_summary(cell)]
    are_numbers = 0 < len(column.known) == len(numbered)
    filled = numbered if are_numbers else filled
    few = len(set(filled)) <= max(2, len(column.cells) / 2)
    few &= not any(cell.startswith("[[") for cell in filled)
    if are_numbers:
        few &= not is_only_a_summary(column.heading)
        few &= all(len(cell.strip("-0.")) <= _MOST_DIGITS_OF_A_SETTING for cell in filled)
    elif first:
        few = bool(filled)
    name = column.heading if few and filled else NOTE
    return column._replace(meaning=Meaning(name), is_setting=name != NOTE)
