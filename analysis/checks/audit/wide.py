"""Turn a table with a column per arm into one with a row per arm.

``Acc R18``, ``Acc R50``, ``Time R18`` and ``Time R50`` become the columns accuracy, time and model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.checks.audit.cells import NO_NUMBER
from analysis.checks.audit.column import Column
from analysis.checks.audit.headings import Meaning
from analysis.checks.audit.table import MEASURED

_ARMS = {
    "model": r"res.?net|^r\d+$|vgg|net|vit|cnn|mlp|svm|svc|former|forest|tree|conv",
    "dataset": r"mnist|cifar|imagenet|svhn|coco|dataset",
    "device": r"cpu|gpu|cuda|tpu|mps",
    "optimizer": r"sgd|adam|rmsprop|momentum|adagrad|lion",
    "seed": r"^(?:acc )?(?:seed|run|fold|split|trial|rep|repeat|repetition)[ _-]?\d+$",
}


def arms_of(columns: Sequence[Column]) -> list[str]:
    """Return the arms that headings name, none unless a quantity has several columns."""
    names = [column.name for column in columns if column.name in MEASURED]
    wide = {name for name in names if names.count(name) > 1}
    return list(dict.fromkeys(c.meaning.arm for c in columns if c.name in wide))


def one_row_per_arm(
    columns: Sequence[Column], rows: Sequence[str]
) -> tuple[list[Column], list[str], str]:
    """Return columns with a row per arm, the rows' names, and a remark.

    Args:
        columns: the columns of a table whose headings name arms.
        rows: the names of its rows.
    """
    arms = arms_of(columns)
    taken = {column.name for column in columns}
    setting = next(
        (
            name
            for name, words in _ARMS.items()
            if all(re.search(words, arm.lower()) for arm in arms)
        ),
        "arm",
    )
    setting = "arm" if setting in taken else setting
    result: list[Column] = []
    done = set()
    for column in columns:
        if column.name in MEASURED and column.meaning.arm in arms:
            if column.name not in done:
                done.add(column.name)
                result.append(_joined(columns, column, arms))
            continue
        if column.name in MEASURED:
            result.append(_first_only(column, len(arms)))
            continue
        meaning = column.meaning._replace(is_mean=column.meaning.is_mean and setting != "seed")
        result.append(
            column._replace(
                meaning=meaning,
                cells=[cell for cell in column.cells for _ in arms],
                numbers=[number for number in column.numbers for _ in arms],
            )
        )
    cells = arms * len(rows)
    meaning = Meaning(setting)
    result.append(Column(setting, meaning, cells, [NO_NUMBER] * len(cells), False, True))
    names = [f"{row} ({arm})" for row in rows for arm in arms]
    return result, names, f"each row was split by {setting}: {', '.join(arms)}"


def _first_only(column: Column, num: int) -> Column:
    """Give a number that a row has once to its first arm: it is not that of each."""
    rest = num - 1
    return column._replace(
        cells=[text for cell in column.cells for text in (cell, *[""] * rest)],
        numbers=[one for number in column.numbers for one in (number, *[NO_NUMBER] * rest)],
    )


def _joined(columns: Sequence[Column], first: Column, arms: Sequence[str]) -> Column:
    """Join the columns of one quantity, row by row in the order of the arms."""
    missing = NO_NUMBER
    by_arm = {column.meaning.arm: column for column in columns if column.name == first.name}
    rows = range(len(first.cells))
    cells = [by_arm[arm].cells[row] if arm in by_arm else "" for row in rows for arm in arms]
    numbers = [
        by_arm[arm].numbers[row] if arm in by_arm else missing for row in rows for arm in arms
    ]
    heading = " / ".join(column.heading for column in by_arm.values())
    return first._replace(heading=heading, cells=cells, numbers=numbers)
