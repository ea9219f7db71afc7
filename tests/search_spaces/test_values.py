"""What a search space is given becomes plain at once, so that what is planned can be written."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, deque
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ray import tune

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from search_spaces.values import plain_axis, plain_value


class Optimizer(enum.StrEnum):
    SGD = "sgd"


class Size(enum.IntEnum):
    SMALL = 16


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (range(1, 4), [1, 2, 3]),
        (deque([0.1, 0.2]), [0.1, 0.2]),
        ((1, "a", None), [1, "a", None]),
        (np.arange(3), [0, 1, 2]),
        (np.array([0.5, 2.0]), [0.5, 2.0]),
        (pd.Series([3, 4]), [3, 4]),
        ([np.float32(0.5), np.int64(3), np.bool_(True), np.str_("x")], [0.5, 3, True, "x"]),
        ([Optimizer.SGD, Size.SMALL], ["sgd", 16]),
        ([MappingProxyType({"kernel": "rbf"})], [{"kernel": "rbf"}]),
        ([OrderedDict(kernel="rbf", C=np.float64(1.5))], [{"kernel": "rbf", "C": 1.5}]),
    ],
)
def test_an_axis_becomes_a_list_of_pythons_own(given: Any, values: list[Any]) -> None:
    plain = plain_axis("lr", tune.grid_search(given))["grid_search"]
    assert plain == values and type(plain) is list
    scalars = [v for entry in plain for v in (entry.values() if type(entry) is dict else [entry])]
    assert {type(value) for value in scalars} <= {bool, int, float, str, type(None)}
    assert json.loads(json.dumps(plain)) == values


@pytest.mark.parametrize(
    "given", [{1, 2}, "ab", 3, np.float64(2), np.array(3), np.ones((2, 2)), (x for x in "ab"), {}]
)
def test_what_has_no_order_or_is_no_list_is_refused(given: Any) -> None:
    with pytest.raises(UserError, match=r"lr: tune\.grid_search needs a list, not a"):
        plain_axis("lr", tune.grid_search(given))


@pytest.mark.parametrize("given", [np.ones(2), (1, 2), [1], np.longdouble(1), np.datetime64("now")])
def test_what_is_no_scalar_is_refused(given: Any) -> None:
    with pytest.raises(UserError, match=r"lr: .* is a .*; allowed: strings, numbers"):
        plain_value("lr", given)


def test_a_whole_space_can_be_written() -> None:
    space = SearchSpace(
        name="mine",
        question="?",
        trainable="svm",
        param_space=MappingProxyType(
            {
                "C": tune.grid_search(np.array([1, 10])),
                "kernel": np.str_("rbf"),
                "tied": {"a": Size.SMALL},
            }
        ),
        factors=deque(["C"]),
        resources=MappingProxyType({"cpu": np.int64(1)}),
    )
    assert json.loads(json.dumps(space.param_space)) == {
        "C": {"grid_search": [1, 10]},
        "kernel": "rbf",
        "tied": {"a": 16},
    }
    assert json.dumps(space.resources) == '{"cpu": 1}' and space.factors == ("C",)
    assert [json.dumps(c.config) for c in space.expand()] == [
        '{"C": 1, "kernel": "rbf", "a": 16}',
        '{"C": 10, "kernel": "rbf", "a": 16}',
    ]
