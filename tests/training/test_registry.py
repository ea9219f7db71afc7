"""The declarations of trainables: which configurations they accept."""

from __future__ import annotations

from typing import Any

import pytest

from search_spaces import SHIPPED, SearchSpace
from search_spaces.errors import UserError
from tune_app.planning.space_file import load_space
from tune_app.training.registry import TRAINABLES, Parameter, find_trainable


def space_with(trainable: str = "resnet", **changes: Any) -> SearchSpace:
    params = {
        "dataset": "mnist",
        "model": "resnet18",
        "batch_size": 16,
        "optimizer": "sgd",
        "lr": 0.1,
        "epochs": 1,
    }
    params |= changes
    return SearchSpace(
        name="mine", question="?", trainable=trainable, param_space=params, factors=()
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_spaces_fit_their_trainable(name: str) -> None:
    space = load_space(name)
    assert find_trainable(space).name == space.trainable


@pytest.mark.parametrize("name", TRAINABLES)
def test_registered_functions_can_be_imported(name: str) -> None:
    assert callable(TRAINABLES[name].load())


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"optimiser": "sgd"}, "no parameter 'optimiser'; did you mean 'optimizer'?"),
        ({"model": "resnet19"}, "model is 'resnet19'; did you mean 'resnet"),
        ({"batch_size": 1}, "batch_size is 1; allowed: a whole number >= 2"),
        ({"batch_size": 16.0}, "batch_size is 16.0"),
        ({"batch_size": True}, "batch_size is True"),
        ({"lr": 0}, "lr is 0; allowed: a number > 0"),
        ({"pin_memory": 1}, "pin_memory is 1; allowed: True or False"),
        ({"dataset": "cifar"}, "dataset is 'cifar'; allowed: mnist, fashion_mnist"),
    ],
)
def test_wrong_parameters_are_named(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(UserError) as error:
        find_trainable(space_with(**changes))
    assert part in str(error.value)


def test_a_missing_parameter_and_an_unknown_trainable_are_named() -> None:
    space = SearchSpace(
        name="mine", question="?", trainable="svm", param_space={"C": 1}, factors=()
    )
    with pytest.raises(UserError, match="lacks dataset, kernel, which trainable svm needs"):
        find_trainable(space)
    with pytest.raises(UserError, match="no trainable 'resnets'; did you mean 'resnet'"):
        find_trainable(space_with(trainable="resnets"))


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (Parameter(float, allowed=("scale",), minimum=0, above=True), ["scale", 0.1, 3], [0, "x"]),
        (Parameter(int, allowed=(None,), minimum=100), [None, 100], [99, 100.5, "100", True]),
        (Parameter(bool), [True, False], [0, 1, "True", None]),
        (Parameter(str), ["anything"], [1, None]),
    ],
)
def test_what_parameters_accept(parameter: Parameter, good: list[Any], bad: list[Any]) -> None:
    assert all(parameter.accepts(value) for value in good)
    assert not any(parameter.accepts(value) for value in bad)


def test_labels_are_readable() -> None:
    svm = TRAINABLES["svm"]
    config = svm.complete({"dataset": "mnist", "kernel": "poly", "C": 10, "degree": 2})
    assert svm.label(config) == "mnist-poly-C10-d2-gscale"
    rbf = svm.complete({"dataset": "mnist", "kernel": "rbf", "C": 0.1, "gamma": 0.001})
    assert svm.label({**rbf, "num_train_images": 1000}) == "mnist-rbf-C0.1-g1e-3-n1000"
