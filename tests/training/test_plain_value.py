"""What a user's function reports, as JSON can hold it."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, UserDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch

from tune_app.training.plain_value import plain_value

Point = namedtuple("Point", "x y")


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        *[(3, 3), (0.5, 0.5), (True, True), (None, None), ("text", "text")],
        *[(np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.str_("a"), "a")],
        (np.array(2.5), 2.5),
        (np.arange(3), [0, 1, 2]),
        (np.array([[True], [False]]), [[True], [False]]),
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor(3), 3),
        (torch.ones(2, 1, dtype=torch.bfloat16), [[1.0], [1.0]]),
        *[(Decimal("0.25"), 0.25), (Fraction(1, 4), 0.25)],
        *[(Path("/a/b"), "/a/b"), (PurePosixPath("c"), "c")],
        *[(Colour.RED, "red"), (Level.LOW, 1)],
        ((1, np.int8(2)), [1, 2]),
        (Point(1, 2.0), [1, 2.0]),
        (OrderedDict(a=np.float64(1.0)), {"a": 1.0}),
        (UserDict({"a": {"b": torch.tensor(1)}}), {"a": {"b": 1}}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_becomes_a_value_of_python(value: Any, plain: Any) -> None:
    found = plain_value(value)
    assert found == plain and type(found) is type(plain)
    assert json.loads(json.dumps(found)) == plain


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("-inf")])
def test_a_number_that_is_not_finite_stays_one(value: float) -> None:
    assert repr(plain_value(value)) == repr(float(value))


class Refuses:
    @property
    def shape(self) -> tuple[int, ...]:
        raise RuntimeError("no shape")


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (1j, "complex"),
        (np.array([1j]), "ndarray of shape (1,)"),
        (np.datetime64("2026-01-01"), "datetime64"),
        ({"a": {1}}, "dict"),
        ({1: 2}, "dict"),
        ([object()], "list"),
        (lambda: 0, "function"),
        (itself(), "list"),
        (10**400, "int"),
        (torch.zeros(3, 64, 64), "Tensor of shape (3, 64, 64)"),
        (torch.zeros(3, device="meta"), "Tensor of shape (3,)"),
        (Refuses(), "Refuses"),
        ("x" * 20_000, "str, more than 10,000 characters"),
        (np.full(9_000, 0.123456), "ndarray of shape (9000,), more than 10,000 characters"),
        ([[0.123456] * 100] * 100, "list, more than 10,000 characters"),
    ],
    ids=lambda value: type(value).__name__,  # without an address, which differs by process
)
def test_what_json_has_no_word_for_is_described(value: Any, described: str) -> None:
    with pytest.raises(ValueError) as refused:
        plain_value(value)
    assert str(refused.value) == described


def test_a_large_array_is_refused_before_it_becomes_a_list() -> None:
    class Large:
        shape = (10**6, 10**6)

        def tolist(self) -> list[Any]:
            raise AssertionError("would take the memory")

    with pytest.raises(ValueError, match=r"Large of shape \(1000000, 1000000\)"):
        plain_value(Large())
