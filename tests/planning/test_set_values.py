"""``--set``: parameters of a space get other values, in grids, domains and options."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.planning.set_values import with_values
from tune_app.planning.space_file import load_space


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def own(param_space: dict[str, Any], **fields: Any) -> SearchSpace:
    return SearchSpace(
        name="mine", trainable=train, metric="loss", param_space=param_space, **fields
    )


def changed(space: SearchSpace | str, **given: str) -> SearchSpace:
    declared = load_space(space) if isinstance(space, str) else space
    return with_values(declared, {name: text.split(",") for name, text in given.items()})


def test_nothing_given_changes_nothing() -> None:
    space = load_space("q1a")
    assert with_values(space, {}) is space


def test_a_value_or_a_grid_takes_the_place_of_a_constant_or_a_grid() -> None:
    space = changed("q1a", lr="1e-2", batch_size="16,32,64", mixed_precision="false")
    assert space.param_space["lr"] == 0.01
    assert space.param_space["batch_size"] == {"grid_search": [16, 32, 64]}
    assert space.param_space["mixed_precision"] is False
    assert space.num_configurations() == 128 // 2 * 3 // 2
    assert space.factors == load_space("q1a").factors


def test_what_gets_several_values_becomes_a_factor_also_if_it_was_at_its_default() -> None:
    space = changed("q1a", momentum="0.8,0.9", weight_decay="1e-4")
    assert space.num_configurations() == 256
    assert space.factors[-1] == "momentum" and "weight_decay" not in space.factors
    assert space.param_space["weight_decay"] == 0.0001


def test_a_domain_is_fixed_and_without_domains_the_space_is_a_grid() -> None:
    space = own({"x": tune.uniform(0, 1), "n": tune.choice([1, 2])})
    assert changed(space, x="0.5").has_domains
    grid = changed(space, x="0.5,2", n="3")
    assert not grid.has_domains, "a value outside of the domain is the user's choice"
    assert [c.config for c in grid.expand()] == [{"x": 0.5, "n": 3}, {"x": 2.0, "n": 3}]


def test_inside_of_an_option_a_domain_is_fixed_and_a_constant_chooses_the_option() -> None:
    fixed = changed("q1a_search", lr="1e-3").param_space["optimization"]["options"]
    assert [option["lr"] for option in fixed] == [0.001, 0.001]
    assert fixed[0]["momentum"]["domain"] == "uniform", "the rest stays as it is"
    several = changed("q1a_search", optimizer="sgd", momentum="0.8,0.9").param_space
    (sgd,) = several["optimization"]["options"]
    assert sgd["momentum"] == {"domain": "choice", "options": [0.8, 0.9]}
    whole = changed("q1a_search", optimizer="adamw", lr="1e-3")
    assert whole.param_space["optimization"] == {"optimizer": "adamw", "lr": 0.001}
    assert "momentum" not in whole.factors, "no configuration has it any more"


def test_tied_constants_can_be_chosen_and_an_option_without_the_parameter_stays() -> None:
    rbf = changed("q1b", kernel="rbf", C="1,10")
    assert rbf.num_configurations() == 12 and {c.config["C"] for c in rbf.expand()} == {1, 10}
    degree = changed("q1b", degree="2")
    assert [c.config.get("degree") for c in degree.expand()][:11] == [2] * 3 + [None] * 8


def test_tied_constants_of_one_option_take_any_value() -> None:
    space = own({"net": {"width": 8, "depth": 2}, "x": tune.grid_search([1, 2])})
    assert changed(space, width="16").param_space["net"] == {"width": 16, "depth": 2}
    assert changed(space, width="16,32").num_configurations() == 4


def test_points_to_start_with_get_the_values_or_are_left_out() -> None:
    (point,) = changed("q1a_search", weight_decay="0").start_with
    assert point["weight_decay"] == 0 and point["momentum"] == 0.9
    assert changed("q1a_search", batch_size="32,64").start_with == ()
    (point,) = changed("q1a_search", pin_memory="true", in_channels="3").start_with
    assert (point["pin_memory"], point["in_channels"]) == (True, 3)
    (point,) = changed("q1a_search", pin_memory="true,false").start_with
    assert point["pin_memory"] is False, "it was left at its default"
    options = tune.choice([{"rule": "sgd", "momentum": tune.uniform(0, 1)}, {"rule": "adam"}])
    adam, first, second = {"rule": "adam"}, *({"rule": "sgd", "momentum": m} for m in (0.1, 0.2))
    space = own({"optimizer": options}, start_with=[adam, first, second])
    assert changed(space, momentum="0.5").start_with == (adam, {**first, "momentum": 0.5})


@pytest.mark.parametrize(
    ("space", "given", "message"),
    [
        ("q1a", {"lrr": "1"}, "--set lrr: no such parameter; did you mean 'lr'?; allowed: dataset"),
        ("q1a", {"lr": "fast"}, "--set lr=fast: allowed: a number"),
        ("q1a", {"lr": "0.1,1e-1"}, "--set lr=0.1,1e-1: a value stands there twice"),
        (
            "q1b",
            {"C": "1,5"},
            "--set C=5: svm sets C together with kernel, degree, gamma; allowed: 0.1, 1, 10, 100; "
            "for another value add a point with --add",
        ),
        ("q1a_search", {"optimizer": "rmsprop"}, "sets optimizer together with lr, momentum; allo"),
        (own({"a": 1}), {"b": "1"}, "--set b: no such parameter; allowed: a"),
    ],
)
def test_what_the_space_cannot_have_is_refused_with_what_it_can(
    space: SearchSpace | str, given: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        changed(space, **given)
    assert message in str(raised.value)
