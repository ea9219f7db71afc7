"""Rows of a ``result.json``: what is parsed, and what may be recorded."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.studies import line
from tune_app.study.trial_record import parse_records, record_problem


def test_parse_records_of_odd_texts() -> None:
    assert parse_records("") == ([], [])
    assert parse_records("\n\n") == ([], [])
    assert parse_records('{"a": 1}\n{"b"') == ([{"a": 1}], [])
    unreadable = ["result.json: 1 unreadable line"]
    assert parse_records('{"a": 1}\n{"b"\n') == ([{"a": 1}], unreadable)
    assert parse_records("[" * 100_000 + "\n") == ([], unreadable)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"fold_seconds": [1, 2], "val_accuracy": None, "val_loss": math.nan}, ""),
        ({"epoch": 2.0, "milestone": 2}, ""),
        ({"epoch": 0}, "epoch is 0; allowed: a whole number from 1"),
        ({"epoch": "2"}, "epoch is '2'"),
        ({"milestone": 3}, "milestone is 3 at epoch 2"),
        ({"status": "done"}, "status is 'done'; allowed: ok, unconverged, diverged"),
        ({"val_loss": "0.3"}, "val_loss is '0.3'; allowed: a number"),
        ({"val_accuracy": True}, "val_accuracy is True"),
    ],
)
def test_what_may_be_recorded(changes: dict[str, Any], problem: str) -> None:
    found = record_problem(line(2) | changes)
    assert found.startswith(problem) and bool(found) == bool(problem)
