"""Domains: their plain form, their values, and the points that they make."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune

from search_spaces.configuration import make_configuration
from search_spaces.domain_forms import as_domain, plain_entry
from search_spaces.domains import Domain
from search_spaces.errors import UserError
from search_spaces.points import all_points, point
from search_spaces.space import SearchSpace

OPTIMIZER = tune.choice(
    [
        {"optimizer": "sgd", "momentum": tune.uniform(0.5, 0.99)},
        {"optimizer": "adam", "amsgrad": tune.choice([True, False])},
    ]
)


def declare(**changes: Any) -> SearchSpace:
    fields: dict[str, Any] = {
        "name": "mine",
        "trainable": "resnet",
        "param_space": {"lr": tune.loguniform(1e-5, 1e-1), "opt": OPTIMIZER, "epochs": 2},
    }
    return SearchSpace(**{**fields, **changes})


@pytest.mark.parametrize(
    ("of_ray", "plain"),
    [
        (tune.uniform(0, 1), {"domain": "uniform", "low": 0.0, "high": 1.0}),
        (tune.loguniform(1e-5, 0.1), {"domain": "loguniform", "low": 1e-5, "high": 0.1}),
        (
            tune.quniform(0, 1, 0.25),
            {"domain": "quniform", "low": 0.0, "high": 1.0, "step": 0.25},
        ),
        (tune.randint(1, 10), {"domain": "randint", "low": 1, "high": 10}),
        (tune.lograndint(1, 100), {"domain": "lograndint", "low": 1, "high": 100}),
        (tune.qrandint(16, 64, 16), {"domain": "qrandint", "low": 16, "high": 64, "step": 16}),
        (tune.choice([16, "x", None]), {"domain": "choice", "options": [16, "x", None]}),
        (
            OPTIMIZER,
            {
                "domain": "choice",
                "options": [
                    {
                        "optimizer": "sgd",
                        "momentum": {"domain": "uniform", "low": 0.5, "high": 0.99},
                    },
                    {
                        "optimizer": "adam",
                        "amsgrad": {"domain": "choice", "options": [True, False]},
                    },
                ],
            },
        ),
    ],
)
def test_a_domain_is_recorded_in_plain_json_and_read_from_it(of_ray: Any, plain: Any) -> None:
    assert plain_entry("x", of_ray) == plain
    assert plain_entry("x", json.loads(json.dumps(plain))) == plain
    assert as_domain("x", of_ray) == as_domain("x", plain)


@pytest.mark.parametrize(
    ("domain", "shares"),
    [
        (Domain("uniform", 2.0, 4.0), {0.0: 2.0, 0.5: 3.0, 0.75: 3.5}),
        (Domain("loguniform", 0.01, 100.0), {0.0: 0.01, 0.5: 1.0, 0.75: 10.0}),
        # the values 0.1, 0.2 ... 0.5 have a fifth of the range each
        (
            Domain("quniform", 0.1, 0.5, 0.1),
            {0.0: 0.1, 0.19: 0.1, 0.21: 0.2, 0.5: 0.3, 0.99: 0.5},
        ),
        (Domain("randint", 1, 5), {0.0: 1, 0.24: 1, 0.26: 2, 0.99: 4}),
        # log(2)/log(16) = 1/4: a quarter of the range is [1, 2)
        (Domain("lograndint", 1, 16), {0.0: 1, 0.24: 1, 0.26: 2, 0.51: 4, 0.999: 15}),
        (Domain("qrandint", 10, 50, 16), {0.0: 16, 0.34: 32, 0.99: 48}),
        (Domain("choice", options=("a", "b", "c")), {0.0: 0, 0.34: 1, 0.99: 2}),
    ],
)
def test_a_share_of_the_range_gives_a_value(domain: Domain, shares: dict[float, Any]) -> None:
    for share, value in shares.items():
        assert domain.at(share) == pytest.approx(value)
        assert domain.is_choice or domain.contains(domain.at(share))


@pytest.mark.parametrize(
    ("domain", "number", "values"),
    [
        (Domain("uniform", 0.0, 1.0), None, None),
        (Domain("randint", 1, 4), 3, [1, 2, 3]),
        (Domain("quniform", 0.1, 0.3, 0.1), 3, [0.1, 0.2, 0.3]),
        (Domain("qrandint", 10, 50, 16), 3, [16, 32, 48]),
    ],
)
def test_whole_and_stepped_domains_have_a_number_of_values(
    domain: Domain, number: int | None, values: list[float] | None
) -> None:
    assert domain.num_values() == number
    assert values is None or domain.values() == values


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Domain("uniform", 0.0, 1.0), [0, 0.5, 1], [-0.1, 1.1, True, "0.5", None, float("nan")]),
        (Domain("randint", 1, 5), [1, 4, 4.0], [0, 5, 2.5]),
        (Domain("quniform", 0.0, 1.0, 0.1), [0.3, 0.1 * 3, 1], [0.35]),
        (Domain("qrandint", 10, 50, 16), [16, 48], [10, 20, 50]),
    ],
)
def test_what_a_domain_contains(domain: Domain, inside: list[Any], outside: list[Any]) -> None:
    assert [v for v in inside if not domain.contains(v)] == []
    assert [v for v in outside if domain.contains(v)] == []


numeric = st.one_of(
    st.builds(
        lambda kind, low, width: Domain(kind, low, low + width),
        st.sampled_from(["uniform", "loguniform"]),
        st.floats(1e-6, 1e3),
        st.floats(1e-3, 1e3),
    ),
    st.builds(
        lambda kind, low, width: Domain(kind, low, low + width),
        st.sampled_from(["randint", "lograndint"]),
        st.integers(1, 100),
        st.integers(1, 1000),
    ),
    st.builds(
        lambda low, count, step: Domain("quniform", low * step, (low + count) * step, step),
        st.integers(-20, 20),
        st.integers(1, 50),
        st.sampled_from([0.1, 0.25, 1.0, 3.0]),
    ),
)


@given(numeric, st.floats(0, 1, exclude_max=True))
def test_every_share_gives_a_value_of_the_domain(domain: Domain, share: float) -> None:
    value = domain.at(share)
    assert domain.contains(value)
    assert domain.bounds[0] <= value <= domain.bounds[1]
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (tune.randn(0, 1), "tune.randn is not supported; allowed: tune.uniform, tune.loguniform"),
        (tune.qloguniform(0.1, 1, 0.1), "tune.qloguniform is not supported"),
        (tune.sample_from(lambda _: 1), "tune.sample_from is not supported"),
        (tune.uniform(1, 1), "the first bound must be less than the second"),
        ({"domain": "uniform", "low": 0, "high": float("nan")}, "nan is not allowed"),
        ({"domain": "uniform", "low": "0", "high": 1}, "'0' is not allowed; allowed: numbers"),
        (tune.randint(0.5, 3), "0.5 must be a whole number"),
        ({"domain": "loguniform", "low": 0, "high": 1}, "bound 0 must be greater than 0"),
        ({"domain": "quniform", "low": 0, "high": 1, "step": 0}, "the step must be greater than 0"),
        ({"domain": "qrandint", "low": 1, "high": 3, "step": 5}, "a multiple of it between"),
        (tune.choice([]), "tune.choice needs at least one value"),
        (tune.choice([1, 1.0]), "tune.choice holds a value twice"),
        (tune.choice([tune.uniform(0, 1)]), "a domain stands directly in tune.choice"),
        (tune.choice([{1, 2}]), "is a set; allowed"),
        (tune.grid_search([tune.uniform(0, 1)]), "a grid has values only; use tune.choice"),
        (tune.grid_search([{"a": tune.uniform(0, 1)}]), "tune.grid_search holds a domain"),
    ],
)
def test_domains_that_are_not_allowed_are_named(value: Any, part: str) -> None:
    with pytest.raises(UserError) as error:
        declare(param_space={"lr": value})
    assert "search space mine: param_space['lr']" in str(error.value)
    assert part in str(error.value) and "\n" not in str(error.value)


def test_a_mapping_that_only_looks_like_a_domain_is_tied_parameters() -> None:
    space = declare(param_space={"x": {"domain": "vision", "size": 3}}, trainable=print)
    assert [c.config for c in space.expand()] == [{"domain": "vision", "size": 3}]


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
    assert space.choices_of(config, {}) == {"lr": 0.01, "opt": 0, "opt.0.momentum": 0.9}
    # momentum may be left out at its default, and a further parameter may be written out at its own
    left_out = {"lr": 0.01, "optimizer": "sgd", "epochs": 2.0, "pin_memory": False}
    defaults = {"momentum": 0.9, "pin_memory": False}
    assert space.choices_of(left_out, defaults) == {"lr": 0.01, "opt": 0, "opt.0.momentum": 0.9}


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
    assert declare().choices_of(config, {}) is None


def test_of_options_that_fit_the_one_that_explains_more_is_taken() -> None:
    kernels = [{"kernel": "rbf"}, {"kernel": "rbf", "gamma": tune.uniform(0, 1)}]
    space = declare(param_space={"svm": tune.choice(kernels)}, trainable="svm")
    assert space.choices_of({"kernel": "rbf", "gamma": 0.5}, {}) == {"svm": 1, "svm.1.gamma": 0.5}
    assert space.choices_of({"kernel": "rbf"}, {}) == {"svm": 0}


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
    assert all(declare().choices_of(c, {}) is not None for c in corners)


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
    found = space.choices_of(made, {})
    assert found is not None
    assert space.point_of(made, {}) == made
    assert set(made) <= set(space.parameters())
    assert json.loads(json.dumps(space.param_space)) == space.param_space
    corners = [corner.config for corner in space.corners()]
    assert all(space.choices_of(corner, {}) is not None for corner in corners)
    assert {name for corner in corners for name in corner} == set(space.parameters())
    size = space.num_configurations()
    if size is not None:
        assert len(list(all_points(space.axes))) == size
