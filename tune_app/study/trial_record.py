"""The rows that a trial reported, as its ``result.json`` holds them.

The file may be damaged or edited. The recorder refuses a row for the same reasons for which the
reader leaves it out (:func:`record_problem`), so the reader finds every row that was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from tune_app.study.json_text import parse_json

Record = dict[str, Any]
"""One reported row: name -> value."""

RESULT_FILE = "result.json"
LARGEST_SEED = LARGEST_EPOCH = 10**9
WAITED_SHARE = "waited_share"
"""Which share of their time the threads of a trial waited for a core while a row was computed."""
AT_RETURN = 0
"""The milestone of a trial that ends when its function returns, as long as its epoch is unknown."""
STATUSES = ("ok", "unconverged", "diverged")
"""What a reported row may say in ``status``; without one it is ``ok``."""

_MEASUREMENT = re.compile(
    r"(?:train|val|test)_(?:loss|accuracy|(?:precision|recall|f1)(?:_weighted)?)"
    r"|(?:train|epoch|eval|cpu|fit|predict)_seconds"
)
_MOST_LINES = 1_000_000


def is_seed(value: object) -> TypeGuard[int]:
    """Return whether a value is a seed that a study may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_SEED


def record_problem(record: Mapping[str, Any]) -> str:
    """Return why a reported row cannot be recorded, or an empty string if it can.

    A measure may be null, which some encoders write for NaN.
    """
    epoch, milestone = record.get("epoch"), record.get("milestone")
    if whole_number(epoch) is None:
        return f"epoch is {epoch!r}; allowed: a whole number from 1"
    if milestone is not None and (isinstance(milestone, bool) or milestone != epoch):
        return f"milestone is {milestone!r} at epoch {epoch!r}; allowed: the epoch itself"
    status = record.get("status", "ok")
    if status not in STATUSES:
        return f"status is {status!r}; allowed: {', '.join(STATUSES)}"
    for key, value in record.items():
        if _MEASUREMENT.fullmatch(key) and not _is_measure(value):
            return f"{key} is {value!r}; allowed: a number"
    return ""


def whole_number(value: object) -> int | None:
    """Return a whole number from 1 to 10^9 as an integer, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 < value < LARGEST_EPOCH and value == int(value) else None


def parse_records(text: str) -> tuple[list[Record], list[str]]:
    """Parse the text of a ``result.json``: one JSON object per line, NaN and Infinity allowed.

    The text after the last newline is the line that was being written. It may be torn, which is no
    problem. Lines after the first million are not read.

    Returns:
        The objects, and one message about the lines that hold no object, if there are any.
    """
    *lines, tail = text.split("\n", _MOST_LINES)
    parsed = [parse_object(line) for line in lines if line.strip()]
    records = [record for record in parsed if record]
    num_unreadable = len(parsed) - len(records) + tail.count("\n")
    word = "line" if num_unreadable == 1 else "lines"
    problems = [f"{RESULT_FILE}: {num_unreadable} unreadable {word}"] if num_unreadable else []
    last = parse_object(tail)
    return ([*records, last] if last else records), problems


def sound_records(records: Iterable[Record]) -> tuple[list[Record], list[str]]:
    """Return the rows that can be counted, and one line about those that cannot, if there are any.

    The line has the reason of the first row that is left out, and how many more there are.
    """
    sound, problems = [], []
    for record in records:
        problem = record_problem(record)
        if problem:
            problems.append(f"{RESULT_FILE}: a row is left out: {problem}")
        else:
            sound.append(record)
    if len(problems) > 1:
        problems = [f"{problems[0]} (and {len(problems) - 1} more)"]
    return sound, problems


def _is_measure(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value is None or value == "null" or is_number


def parse_object(text: str) -> Record:
    """Return the JSON object in a text, or an empty one if the text holds none."""
    try:
        text.encode()  # fails for bytes that are not UTF-8: a file with such bytes is damaged
        value = parse_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
