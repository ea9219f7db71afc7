"""Limits as words of the command line."""

from __future__ import annotations

import math

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from search_spaces.measure import Measure
from tests.ledgers import make_space
from tune_app.planning.limits import Limits, parse_cost, parse_target, with_direction


def directed(text: str, space: SearchSpace) -> tuple[tuple[str, float] | None, str]:
    limits = with_direction(Limits(target=parse_target(text, space)), space)
    return limits.target, limits.mode


def test_a_target_has_the_direction_of_its_measure() -> None:
    space = make_space(measures={"ms": Measure(better="min")})
    assert directed("val_accuracy=0.99", space) == (("val_accuracy", 0.99), "max")
    assert directed(" ms = 5", space) == (("ms", 5.0), "min")
    assert directed("test_accuracy=.9", space) == (("test_accuracy", 0.9), "max")
    judged = make_space(metric="score", mode="min")
    assert directed("score=3", judged) == (("score", 3.0), "min")


@pytest.mark.parametrize(
    ("mode", "value", "is_reached"),
    [
        *(("max", 0.5, True), ("max", 0.6, True), ("max", 0.4, False)),
        *(("min", 0.5, True), ("min", 0.4, True), ("min", 0.6, False)),
        *(("max", None, False), ("min", math.nan, False), ("max", math.inf, False)),
    ],
)
def test_a_target_is_reached_from_the_side_of_its_direction(
    mode: str, value: float | None, is_reached: bool
) -> None:
    limits = Limits(target=("loss", 0.5), mode=mode)
    found = limits.reached_by({"loss": value, "epoch": 1})
    assert found == (f"the target loss 0.5 (with {value})" if is_reached else "")
    assert limits.reached_by({}) == Limits().reached_by({"loss": value}) == ""


@pytest.mark.parametrize("text", ["0.99", "=0.99", "val_accuracy", "val_accuracy=", "a=nan", "a=x"])
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(UserError, match=r"allowed: MEASURE=NUMBER, e.g. val_accuracy=0\.99"):
        parse_target(text, make_space())


def test_a_measure_of_unknown_direction_is_no_target() -> None:
    with pytest.raises(UserError, match="not known whether higher values of size are better"):
        directed("size=3", make_space())


def test_costs() -> None:
    assert parse_cost("40cpuh") == ("CPU", 40.0)
    assert parse_cost("2.5GPUh") == ("GPU", 2.5)
    for text in ("40", "cpuh", "-1cpuh", "0cpuh", "1e3cpuh", "4tpuh"):
        with pytest.raises(UserError, match=r"not a cost; allowed: 40cpuh, 2\.5gpuh"):
            parse_cost(text)
