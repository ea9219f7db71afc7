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
        found = [
            position
            for position, column in enumerate(columns)
            if column.name == wanted and (wanted or _is_score(column))
        ]
        if len(found) == 1 or (found and wanted):
            return [
                column._replace(
                    meaning=column.meaning._replace(name="test_accuracy", is_guess=not wanted)
                )
                if position in found
                else column
                for position, column in enumerate(columns)
            ]
    shares = [
        p
        for p, column in enumerate(columns)
        if not column.name and _has_shares(column) and not is_summary(column.heading)
    ]
    if len(shares) < _FEWEST_SHARES:
        return columns
    return [
        column._replace(meaning=Meaning("test_accuracy", arm=column.heading))
        if position in shares
        else column
        for position, column in enumerate(columns)
    ]


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
