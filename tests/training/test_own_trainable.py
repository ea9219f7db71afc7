"""How the trials of a user's function or class are planned."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from ray import tune

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.planning.sharing import milestone_of
from tune_app.study.trial_record import AT_RETURN
from tune_app.training.own_trainable import own_trainable, recorded_trainable


def train(config: dict[str, Any]) -> None: ...


def train_with_data(config: dict[str, Any], data: Any) -> None: ...


class Steps(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {}


def make_space(trainable: Any = train, **fields: Any) -> SearchSpace:
    param_space = {"lr": {"grid_search": [0.1, 0.001]}, "epochs": {"grid_search": [2, 4]}}
    given = {"name": "mine", "trainable": trainable, "metric": "loss", "param_space": param_space}
    return SearchSpace(**{**given, **fields})


def test_a_function_without_an_axis_ends_when_it_returns() -> None:
    trainable = own_trainable(make_space())
    assert (trainable.name, trainable.is_own, trainable.uses_images) == ("train", True, False)
    assert trainable.keep_checkpoints == "last"
    assert not trainable.shares_prefix({"epochs": 4}) and trainable.cost({"epochs": 4}) == 1.0
    assert milestone_of(trainable, {"epochs": 4}) == AT_RETURN == 0
    assert trainable.complete({"lr": 0.1}) == {"lr": 0.1}


def test_an_axis_is_the_number_of_epochs() -> None:
    trainable = own_trainable(make_space(prefix_axis="epochs"))
    assert trainable.shares_prefix({"epochs": 4}) and trainable.cost({"epochs": 4}) == 4.0
    assert milestone_of(trainable, {"epochs": 4}) == 4


@pytest.mark.parametrize("keep", ["best", "none", 3])
def test_the_space_says_what_is_kept(keep: str | int) -> None:
    assert own_trainable(make_space(keep_checkpoints=keep)).keep_checkpoints == keep


@pytest.mark.parametrize(
    ("factors", "config", "label"),
    [
        (("lr", "epochs"), {"lr": 0.001, "epochs": 4}, "lr=0.001-epochs=4"),
        (("lr",), {"lr": 1e-7, "epochs": 4}, "lr=1e-07"),
        (("norm", "kind"), {"norm": True, "kind": "wide"}, "norm=True-kind=wide"),
        (("norm", "absent"), {"norm": None}, "norm=None"),
        ((), {"lr": 1}, "trial"),
    ],
)
def test_a_trial_is_named_by_its_factors(
    factors: tuple[str, ...], config: dict[str, Any], label: str
) -> None:
    space = make_space(param_space={"lr": 1, "epochs": 1, "norm": 1, "kind": 1, "absent": 1})
    object.__setattr__(space, "factors", factors)
    assert own_trainable(space).label(config) == label


def with_default(config: dict[str, Any], *, verbose: bool = False) -> None: ...


class CallableObject:
    def __call__(self, config: dict[str, Any]) -> None: ...

    def method(self, config: dict[str, Any], data: Any = None) -> None: ...


def rows(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {}


@pytest.mark.parametrize(
    "work",
    [
        *[train, with_default, Steps, rows, CallableObject(), CallableObject().method],
        *[functools.partial(train_with_data, data=None), lambda config: None],
    ],
)
def test_what_can_be_called_with_a_configuration_needs_no_data(work: Callable[..., Any]) -> None:
    assert not own_trainable(make_space(work)).uses_images
    with pytest.raises(UserError, match=r"takes no data .*, so the datasets would not be used"):
        own_trainable(make_space(work, datasets={"d": dict}))


def test_a_second_parameter_is_the_data() -> None:
    assert own_trainable(make_space(train_with_data, datasets={"d": dict})).uses_images
    with pytest.raises(UserError, match="takes data, but the space has no datasets"):
        own_trainable(make_space(train_with_data))


async def async_train(config: dict[str, Any]) -> None: ...


async def async_rows(config: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield {}


class Plain:
    def step(self) -> None: ...


def no_parameter() -> None: ...


def three(config: Any, data: Any, other: Any) -> None: ...


def with_resources(config: dict[str, Any]) -> None: ...


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (async_train, "async_train is an async function; allowed: def train(config)"),
        (async_rows, "async_rows is an async function"),
        (Plain, "Plain is a class, but no subclass of ray.tune.Trainable"),
        (no_parameter, "no_parameter takes 0 arguments; allowed: train(config)"),
        (three, "three takes 3 arguments"),
        (
            tune.with_resources(with_resources, {"cpu": 2}),
            "has resources of tune.with_resources, which are not used; write resources=",
        ),
    ],
)
def test_a_kind_that_cannot_run_is_refused(work: Any, message: str) -> None:
    with pytest.raises(UserError) as refused:
        own_trainable(make_space(work))
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_study_tells_how_its_trials_were_planned() -> None:
    shared = recorded_trainable({"trainable": "train", "is_own": True, "prefix_axis": "epochs"})
    assert shared.name == "train" and shared.is_own
    assert milestone_of(shared, {"epochs": 4}) == 4 and shared.shares_prefix({})
    assert shared.cost({"epochs": 4}) == 4.0
    alone = recorded_trainable({"trainable": "train", "prefix_axis": ["epochs"]})
    assert milestone_of(alone, {"epochs": 4}) == AT_RETURN and not alone.shares_prefix({})
    with pytest.raises(AssertionError, match="only the description"):
        alone.load()({})
