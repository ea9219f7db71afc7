from __future__ import annotations

import numpy as np
import pytest

from analysis.checks.audit.digits import coarser_digits, round_times
from analysis.checks.audit.finding import NotApplicableError
from tests.checks.audit.tables import table

RNG = np.random.default_rng(0)
FINE = np.round(RNG.integers(9000, 9900, 16) / 10_000, 4)
COARSE = np.round(RNG.permutation(np.arange(0.90, 0.99, 0.0005))[:16], 4)
"""Sixteen multiples of 0.05 points."""


def test_a_block_of_multiples() -> None:
    accuracy = np.concatenate([FINE, COARSE])
    columns = {"test_accuracy": accuracy, "unit": 1e-4, "num_test": None}
    (finding,) = coarser_digits(table(optimizer=["sgd"] * 16 + ["adam"] * 16, **columns))
    assert finding.severity == "warning" and finding.rows == tuple(range(16, 32))
    assert "16 of 16 are multiples of 0.05 %" in finding.evidence
    data_sets = table(dataset=["a"] * 16 + ["b"] * 16, **columns)
    assert [f.severity for f in coarser_digits(data_sets)] == ["note"]
    stated = table(dataset=["a"] * 16 + ["b"] * 16, **columns | {"num_test": 10_000})
    assert [f.severity for f in coarser_digits(stated)] == ["warning"]


def test_honest_blocks() -> None:
    fine = np.round(RNG.integers(9000, 9900, 32) / 10_000, 4)
    columns = {"optimizer": ["sgd"] * 16 + ["adam"] * 16, "unit": 1e-4}
    assert coarser_digits(table(test_accuracy=fine, **columns)) == []
    collapsed = np.concatenate([FINE, np.full(16, 0.1)])
    with pytest.raises(NotApplicableError):
        coarser_digits(table(test_accuracy=collapsed, **columns))


def test_round_hundreds_beside_decimals() -> None:
    full = [1532.71, 1488.02, 1610.35, 1577.94, 2901.13]
    (finding,) = round_times(table(train_seconds=[*full, 1200, 3400, 2100, 800], unit=1e-2))
    assert finding.severity == "warning" and finding.rows == (5, 6, 7, 8)
    assert round_times(table(train_seconds=[*full, 1200, 3411.18], unit=1e-2)) == []
    budgets = [*full, 3600, 3600, 3600, 3600]
    assert round_times(table(train_seconds=budgets, unit=1e-2)) == []
    with pytest.raises(NotApplicableError, match="five digits"):
        round_times(table(train_seconds=[1200.0, 3400.0, 2100.0, 800.0], unit=100.0))


def test_eight_multiples_of_five_may_be_chance() -> None:
    """A fifth of all numbers is one: 0.2^8 is 2.6e-6, and twenty blocks and steps are tried."""
    fine = 0.9 + 1e-4 * np.array([1, 12, 23, 34, 46, 57, 68, 79])
    fives = 0.9 + 1e-4 * np.array([5, 15, 25, 35, 45, 55, 65, 75])
    rows = {"optimizer": ["sgd"] * 8 + ["adam"] * 8, "num_test": None, "unit": 1e-4}
    assert coarser_digits(table(test_accuracy=np.concatenate([fine, fives]), **rows)) == []


def test_fewer_printed_digits_are_seen_by_the_reader() -> None:
    rows = table(
        optimizer=["sgd"] * 16 + ["adam"] * 16,
        test_accuracy=np.concatenate([FINE, np.round(COARSE, 3)]),
        num_test=None,
        unit=1e-4,
    )
    assert len(coarser_digits(rows)) == 1
    rows.unit.loc[16:, "test_accuracy"] = 1e-3
    assert coarser_digits(rows) == []
