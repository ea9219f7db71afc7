"""Which row of a user's function is its result."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule

LAST_MIN = ResultRule(Objective("loss", "min"))
BEST_MIN = ResultRule(Objective("loss", "min"), takes_best=True)
BEST_MAX = ResultRule(Objective("loss", "max"), takes_best=True)


def rows(*losses: Any) -> dict[int, dict[str, Any]]:
    """Return one row an epoch; an epoch whose loss is None has none."""
    return {
        epoch: {"epoch": epoch} if loss is None else {"epoch": epoch, "loss": loss}
        for epoch, loss in enumerate(losses, 1)
    }


@pytest.mark.parametrize(
    ("rule", "losses", "epoch"),
    [
        (LAST_MIN, (1.0, 3.0, 2.0), 3),
        (BEST_MIN, (1.0, 3.0, 2.0), 1),
        (BEST_MAX, (1.0, 3.0, 2.0), 2),
        (BEST_MIN, (2.0, 1.0, 1.0), 2),  # equally good: the earliest
        (LAST_MIN, (1.0, 2.0, None), 2),  # evaluated now and then
        (LAST_MIN, (1.0, math.nan), 2),  # what it ends with is what it reached
        (BEST_MIN, (math.nan, 1.0, math.nan), 2),
        (BEST_MAX, (math.inf, 1.0), 2),
        (BEST_MIN, (math.nan, math.inf), 2),  # none is a number: the last
        (LAST_MIN, (1.0, True, "low", [1]), 1),
        (LAST_MIN, (0, None), 1),
        (LAST_MIN, (None, None), None),
        (BEST_MIN, ("low",), None),
        (LAST_MIN, (), None),
    ],
)
def test_the_result_is_the_last_or_the_best_row_with_the_objective(
    rule: ResultRule, losses: tuple[Any, ...], epoch: int | None
) -> None:
    assert rule.epoch_of_result(rows(*losses)) == epoch


def test_the_order_of_the_rows_does_not_matter() -> None:
    history = {3: {"loss": 1.0}, 1: {"loss": 1.0}, 10: {"loss": 2.0}}
    assert BEST_MIN.epoch_of_result(history) == 1
    assert LAST_MIN.epoch_of_result(history) == 10


@pytest.mark.parametrize(
    ("space", "rule"),
    [
        ({"metric": "loss", "mode": "min", "result": "best"}, BEST_MIN),
        ({"metric": "loss", "mode": "min", "result": "last"}, LAST_MIN),
        ({"metric": "loss", "mode": "min"}, LAST_MIN),
        ({"metric": "loss", "mode": "min", "result": ["best"]}, LAST_MIN),
        ({}, ResultRule(Objective("val_accuracy", "max"))),
    ],
)
def test_it_is_read_from_the_study(space: dict[str, Any], rule: ResultRule) -> None:
    assert ResultRule.of_study({"space": space}) == rule
