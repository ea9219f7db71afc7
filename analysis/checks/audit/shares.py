"""Choose the column of accuracies where no heading names one."""

from __future__ import annotations

from analysis.checks.audit.column import Column
from analysis.checks.audit.headings import Meaning, is_summary

_FEWEST_SHARES = 2
_OBJECTIVES = ("value", "objective")


def choose_accuracies(columns: list[Column]) -> list[Column]:
    """Choose the column of accuracies if no heading names one.

    Taken are, in this order, the accuracies of validation images, a score, and columns of shares
    whose headings are names, of models for instance.
    """
    if any(column.name == "test_accuracy" for column in columns):
        return columns
    for wanted in ("val_accuracy", ""):
        found = [p for p, c in enumerate(columns) if c.name == wanted and (wanted or _is_score(c))]
        if len(found) == 1 or (found and wanted):
            named = [columns[p].meaning._replace(name="test_accuracy") for p in found]
            return _with(columns, found, [one._replace(is_guess=not wanted) for one in named])
    shares = [
        p
        for p, column in enumerate(columns)
        if not column.name and _has_shares(column) and not is_summary(column.heading)
    ]
    if len(shares) < _FEWEST_SHARES:
        return columns
    arms = [Meaning("test_accuracy", arm=columns[p].heading) for p in shares]
    return _with(columns, shares, arms)


def _with(columns: list[Column], places: list[int], meanings: list[Meaning]) -> list[Column]:
    """Return columns of which some have another meaning."""
    changed = dict(zip(places, meanings, strict=True))
    return [c._replace(meaning=changed.get(p, c.meaning)) for p, c in enumerate(columns)]


def _is_score(column: Column) -> bool:
    heading = column.heading.lower()
    if not column.is_numeric or not all(0 <= value <= 100 for value in column.known):
        return False
    if heading in _OBJECTIVES:
        return max(column.known) <= 1
    return "score" in heading or "%" in heading


def _has_shares(column: Column) -> bool:
    fine = sum(number.digit < 1 for number in column.numbers)
    return (
        column.is_numeric
        and fine > len(column.known) / 2
        and all(0 <= value <= 100 for value in column.known)
        and (max(column.known) <= 1 or min(column.known) > 1)
    )
