"""The points that domains make, and how a configuration is known as one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune

from search_spaces.configuration import make_configuration
from search_spaces.domains import Domain
from search_spaces.errors import UserError
from search_spaces.points import all_points, choices_of, point
from tests.search_spaces.declared import OPTIMIZER, declare


def test_a_point_has_only_the_parameters_of_the_option_that_was_chosen() -> None:
    space = declare()
    asked: list[str] = []

    def choose(path: str, domain: Domain) -> Any:
        asked.append(path)
        return {"lr": 0.01, "opt": 1, "opt.1.amsgrad": 0}[path]

    assert point(space.axes, choose) == {
        "lr": 0.01,
        "optimizer": "adam",
        "amsgrad": True,
        "epochs": 2,
    }
    assert asked == ["lr", "opt", "opt.1.amsgrad"]
    assert space.parameters() == ("lr", "optimizer", "momentum", "amsgrad", "epochs")
    assert space.factors == ("lr", "optimizer", "momentum", "amsgrad")


def test_a_point_is_taken_apart_into_its_choices() -> None:
    space = declare()
    config = {"lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "epochs": 2}
    assert choices_of(space.axes, config, {}) == {"lr": 0.01, "opt": 0, "opt.0.momentum": 0.9}
    # momentum may be left out at its default, and a further parameter may be written out at its own
    left_out = {"lr": 0.01, "optimizer": "sgd", "epochs": 2.0, "pin_memory": False}
    defaults = {"momentum": 0.9, "pin_memory": False}
    assert choices_of(space.axes, left_out, defaults) == {
        "lr": 0.01,
        "opt": 0,
        "opt.0.momentum": 0.9,
    }


@pytest.mark.parametrize(
    "config",
    [
        {"lr": 0.5, "optimizer": "sgd", "momentum": 0.9, "epochs": 2},  # out of the domain
        {"lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "epochs": 3},  # another constant
        {"lr": 0.01, "optimizer": "adam", "amsgrad": True, "momentum": 0.9, "epochs": 2},
        {"lr": 0.01, "optimizer": "adam", "epochs": 2},  # amsgrad is missing
        {"lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "epochs": 2, "further": 1},
        {},
    ],
)
def test_another_spaces_configuration_has_no_choices(config: dict[str, Any]) -> None:
    assert choices_of(declare().axes, config, {}) is None


def test_of_options_that_fit_the_one_that_explains_more_is_taken() -> None:
    kernels = [{"kernel": "rbf"}, {"kernel": "rbf", "gamma": tune.uniform(0, 1)}]
    space = declare(param_space={"svm": tune.choice(kernels)}, trainable="svm")
    assert choices_of(space.axes, {"kernel": "rbf", "gamma": 0.5}, {}) == {
        "svm": 1,
        "svm.1.gamma": 0.5,
    }
    assert choices_of(space.axes, {"kernel": "rbf"}, {}) == {"svm": 0}


def test_the_number_of_points() -> None:
    assert declare().num_configurations() is None
    sized = {
        "a": tune.grid_search([1, 2]),
        "b": tune.randint(0, 3),
        "c": tune.choice(["x", {"c": "y", "d": tune.choice([1, 2])}]),
    }
    space = declare(param_space=sized, trainable=print)
    assert space.num_configurations() == 2 * 3 * (1 + 2)
    assert space.expand() == []


def test_corners_hold_every_bound_and_every_option() -> None:
    corners = [c.config for c in declare().corners()]
    assert {c["lr"] for c in corners} == {1e-5, 1e-1}
    assert {c["momentum"] for c in corners if c["optimizer"] == "sgd"} == {0.5, 0.99}
    assert {c["amsgrad"] for c in corners if c["optimizer"] == "adam"} == {True, False}
    assert all(choices_of(declare().axes, c, {}) is not None for c in corners)


def test_a_name_is_set_once() -> None:
    with pytest.raises(UserError, match="'momentum' is set twice; rename one"):
        declare(param_space={"momentum": tune.uniform(0, 1), "opt": OPTIMIZER})
    both = [{"m": tune.uniform(0, 1)}, {"m": tune.uniform(1, 2)}]  # never together
    assert declare(param_space={"x": tune.choice(both)}, trainable=print).parameters() == ("m",)


def test_sampled_values_keep_their_identity_through_json() -> None:
    config = {"lr": Domain("loguniform", 1e-5, 0.1).at(0.123456789), "epochs": 2}
    # The identity of a row may never change: studies on disk are keyed by it.
    assert make_configuration({"lr": 0.0012345678901234567, "n": 3}).config_id == "fb2add965f"
    assert make_configuration(json.loads(json.dumps(config))) == make_configuration(config)
    assert make_configuration({"q": 1.0}).config_id == make_configuration({"q": 1}).config_id


def test_start_with_is_completed_by_the_constants() -> None:
    given = {"optimizer": "sgd", "momentum": 0.9, "lr": 0.01}
    space = declare(start_with=[given])
    assert space.start_with == ({"lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "epochs": 2},)
    assert [c.config for c in space.expand()] == list(space.start_with)


@pytest.mark.parametrize(
    ("points", "part"),
    [
        ({"lr": 0.1}, "start_with must be a list of configurations"),
        ([3], "start_with[0] must map parameters to values, not 3"),
        ([{"lrr": 0.1}], "'lrr' is not in param_space; did you mean 'lr'?"),
        ([{"optimizer": "adam", "amsgrad": True}], "it lacks lr; name a value for every"),
        (
            [{"lr": 1, "optimizer": "adam", "amsgrad": True}],
            "lr is 1; allowed: numbers from 1e-05 to 0.1",
        ),
        ([{"lr": 0.1, "optimizer": "adam"}], "is no point of param_space"),
        ([{"lr": 0.1, "optimizer": "adam", "amsgrad": True}] * 2, "[1]: the same point twice"),
    ],
)
def test_points_that_are_none_of_the_space_are_named(points: Any, part: str) -> None:
    with pytest.raises(UserError) as error:
        declare(start_with=points)
    assert part in str(error.value) and "\n" not in str(error.value)


leaves = st.one_of(
    st.integers(0, 5),
    st.sampled_from(["a", "b", None, True]),
    st.just(Domain("uniform", 0.0, 1.0).as_json()),
    st.just(Domain("randint", 1, 4).as_json()),
)


def named(values: st.SearchStrategy[Any], prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    names = st.integers(0, 3).map(lambda index: f"{prefix}{index}")
    return st.dictionaries(names, values, min_size=1, max_size=3)


def options(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3, unique_by=repr)
    return lists.map(lambda entries: {"domain": "choice", "options": entries})


within = named(st.one_of(leaves, options(named(leaves, "inner"))), "outer")
nested = named(st.one_of(leaves, options(within)), "top")


@settings(max_examples=60, deadline=None)
@given(nested, st.integers(0, 10**6))
def test_a_point_of_any_space_is_known_again(axes: dict[str, Any], seed: int) -> None:
    try:
        space = declare(param_space=axes, trainable=print)
    except UserError:  # a name is set twice, or a list has one value as 1 and as True
        return
    order = random.Random(seed)
    made = point(space.axes, lambda _path, domain: domain.at(order.random()))
    found = choices_of(space.axes, made, {})
    assert found is not None
    assert space.point_of(made, {}) == made
    assert set(made) <= set(space.parameters())
    assert json.loads(json.dumps(space.param_space)) == space.param_space
    corners = [corner.config for corner in space.corners()]
    assert all(choices_of(space.axes, corner, {}) is not None for corner in corners)
    assert {name for corner in corners for name in corner} == set(space.parameters())
    size = space.num_configurations()
    if size is not None:
        assert len(list(all_points(space.axes))) == size
