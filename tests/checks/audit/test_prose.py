from __future__ import annotations

from typing import Any

import pytest

from analysis.audit import from_reference
from analysis.checks.audit.prose import KINDS, statements
from analysis.labs.reference import load_statements, load_table
from tests.checks.audit.tables import table

GRID = table(
    model=["a", "a", "b", "b"],
    lr=[1, 2, 1, 2],
    test_accuracy=[0.90, 0.80, 0.89, 0.85],
    train_seconds=[10.0, 12.0, 30.0, 24.0],
)
AB = {"metric": "test_accuracy", "factor": "model", "better": "a", "worse": "b"}
RATIO = {"metric": "train_seconds", "factor": "model", "over": "b", "under": "a"}


@pytest.mark.parametrize(
    ("kind", "arguments", "where", "holds"),
    [
        ("rows", {"count": 4}, {}, True),
        ("rows", {"count": 4}, {"lr": 1}, False),
        ("best", {"metric": "test_accuracy", "has": {"model": "a", "lr": 1}}, {}, True),
        ("best", {"metric": "test_accuracy", "has": {"model": "a"}}, {"lr": 2}, False),
        ("share_above", {"metric": "test_accuracy", "above": 0.84, "at_least": 0.75}, {}, True),
        ("share_above", {"metric": "test_accuracy", "above": 0.85, "at_least": 0.75}, {}, False),
        ("wins", AB | {"at_least": 0.5}, {}, True),
        ("wins", AB | {"at_least": 1.0}, {}, False),
        ("wins", AB | {"at_least": 0.5, "worse": "c"}, {}, None),
        ("ratio", RATIO | {"low": 2, "high": 3}, {}, True),
        ("ratio", RATIO | {"low": 2.5, "high": 3}, {}, False),
        ("ratio", RATIO | {"low": 2, "under": "c"}, {}, None),
        ("close", AB | {"first": "a", "second": "b", "within": 0.06}, {}, True),
        ("close", AB | {"first": "a", "second": "b", "within": 0.04}, {}, False),
        ("advantage", AB | {"by": "lr", "larger_at": 1, "than_at": 2}, {}, True),
        ("advantage", AB | {"by": "lr", "larger_at": 2, "than_at": 1}, {}, False),
        ("gain", RATIO | {"by": "lr", "larger_at": 1, "than_at": 2}, {}, True),
        ("gain", RATIO | {"by": "lr", "larger_at": 2, "than_at": 1}, {}, False),
        (
            "across",
            {"metric": "train_seconds", "other": "report_b_q1b", "above": False},
            {},
            True,
        ),
        (
            "across",
            {"metric": "train_seconds", "other": "report_b_q1b", "above": True},
            {},
            False,
        ),
    ],
)
def test_kinds(kind: str, arguments: Any, where: Any, holds: bool | None) -> None:
    assert KINDS[kind](GRID, where, arguments).holds is holds


def test_every_kind_is_tested_and_known() -> None:
    assert {s.kind for s in load_statements()} <= set(KINDS)


def test_ties_count_only_where_said() -> None:
    tied = table(model=["a", "b"], test_accuracy=[0.9, 0.9])
    assert KINDS["wins"](tied, {}, AB | {"at_least": 1.0}).holds is False
    assert KINDS["wins"](tied, {}, AB | {"at_least": 1.0, "ties_count": True}).holds is True


CONTRADICTED = {
    "report_b_q1a": {
        "1 of 8 matched pairs, worse in 4, equal in 3",
        "+1.57 points at lr 0.001 and +6.73 at 0.0001",
    },
    "report_b_q2_table4": {"25.1, 35.4; stated 15 to 20"},
    "report_b_q1b": {"326.5 to 736.7 here and 614.1"},
}


@pytest.mark.parametrize("name", sorted({s.table for s in load_statements()}))
def test_statements_of_the_reports(name: str) -> None:
    findings = statements(from_reference(load_table(name)))
    serious = [f.evidence for f in findings if f.severity == "serious"]
    expected = CONTRADICTED.get(name, set())
    assert len(serious) == len(expected)
    assert all(any(part in evidence for evidence in serious) for part in expected)
    notes = [f for f in findings if f.severity == "note"]
    assert len(notes) == (name == "report_b_pin_memory")
