"""Choose the rows of a table that are results: not failed, repeated, sums or differences."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from analysis.checks.audit.cells import is_missing, plain, read_number
from analysis.checks.audit.column import Column
from analysis.checks.audit.table import MEASURED

_ENDED = frozenset(
    ("finished", "unconverged", "complete", "completed", "terminated", "done", "success")
)
_SUMMARY = re.compile(
    r"(?:mean|average|avg|std|sd|total|sum|median|overall|max|min|macro|best"
    r"|mittel|mittelwert|durchschnitt|gesamt|summe|moyenne|media|promedio)\b[^,;]{0,25}[,;]?"
)
_ROUNDED = 0.6
_DIFFERENCE = re.compile(
    r"[Δ∆].*|(?:delta|diff|difference|gain|improvement|change|reduction|vs)\b.*", re.IGNORECASE
)


def rows_of_differences(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the positions of rows that are differences between others, not results.

    The name of such a row says so: ``Δ``, or a word such as ``improvement`` beside a signed number.
    """
    found = []
    for position, row in enumerate(rows):
        cells = [plain(cell) for cell in row if not is_missing(cell)]
        numbers = [cell for cell in cells if read_number(cell).digit > 0]
        name = next((cell for cell in cells if cell not in numbers), "")
        is_signed = any(cell.startswith(("+", "-", "−")) for cell in numbers)
        if numbers and _DIFFERENCE.fullmatch(name) and (is_signed or name[0] in "Δ∆"):
            found.append(position)
    return found if len(found) < len(rows) else []


def rows_with_a_result(columns: Sequence[Column]) -> tuple[list[int], list[str]]:
    """Return the rows that are results, as positions, and remarks on those left out."""
    by_name = {column.name: column.cells for column in columns}
    every = list(range(len(columns[0].cells)))
    kept = _ended(columns, by_name, every)
    remarks = []
    if len(kept) < len(every):
        remarks.append(f"rows without a result, left out: {len(every) - len(kept)}")
    results = _without_summaries(columns, kept)
    if len(results) < len(kept):
        remarks.append(f"rows that sum up those above, left out: {len(kept) - len(results)}")
    alone = _without_repeats(by_name, results)
    if len(alone) < len(results):
        remarks.append(f"rows that repeat another's result, left out: {len(results) - len(alone)}")
    return alone, remarks


def _ended(columns: Sequence[Column], by_name: dict[str, list[str]], every: list[int]) -> list[int]:
    """Return the rows that ended well and have a number."""
    states = [state.lower() for state in by_name.get("status", [])]
    kept = [row for row in every if states[row] in _ENDED] if {*states} & _ENDED else every
    measured = [column for column in columns if column.name in MEASURED]
    with_numbers = [row for row in kept if any(_has_number(column, row) for column in measured)]
    return with_numbers or kept


def _has_number(column: Column, row: int) -> bool:
    return not math.isnan(column.numbers[row].value)


def _without_summaries(columns: Sequence[Column], rows: list[int]) -> list[int]:
    """Leave out the last rows if they are the mean, or another summary, of those above.

    A word such as ``mean`` may also be a setting, of a pooling for instance. So the row's other
    settings must be empty, or its number the mean of the others.
    """
    kept = list(rows)
    while len(kept) > 2 and _is_summary(columns, kept[-1], kept[:-1]):
        kept.pop()
    return kept


def names_a_summary(cell: str) -> bool:
    """Return whether a cell is the name of a row that sums up others."""
    return bool(_SUMMARY.fullmatch(plain(cell).lower()))


def _is_summary(columns: Sequence[Column], row: int, above: list[int]) -> bool:
    settings = [column for column in columns if column.is_setting]
    filled = [column for column in settings if not is_missing(column.cells[row])]
    texts = [column.cells[row] for column in columns if not _has_number(column, row)]
    if not any(map(names_a_summary, texts)) or len(filled) > 1:
        return False
    if len(settings) > len(filled):
        return True
    return any(_is_mean(column, row, above) for column in columns if column.name in MEASURED)


def _is_mean(column: Column, row: int, above: list[int]) -> bool:
    values = [column.numbers[other].value for other in above if _has_number(column, other)]
    number = column.numbers[row]
    return bool(values) and abs(number.value - sum(values) / len(values)) <= _ROUNDED * number.digit


def _without_repeats(by_name: dict[str, list[str]], rows: list[int]) -> list[int]:
    if "trial_id" not in by_name:
        return rows
    same = [by_name[name] for name in ("trial_id", "epochs", "seed") if name in by_name]
    seen, alone = set(), []
    for row in rows:
        key = tuple(cells[row] for cells in same)
        if key not in seen or is_missing(by_name["trial_id"][row]):
            alone.append(row)
        seen.add(key)
    return alone
