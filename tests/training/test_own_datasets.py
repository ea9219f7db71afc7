"""Which data sets a configuration may name."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.training.registry import find_trainable, trainable_of_study


def load() -> Any:
    raise AssertionError("a declaration is checked without loading anything")


def train(config: dict[str, Any], data: Any) -> None:
    """A user's function that takes data."""


def space(trainable: Any, datasets: tuple[str, ...], **parameters: Any) -> SearchSpace:
    return SearchSpace(
        name="mine",
        trainable=trainable,
        datasets=dict.fromkeys(datasets, load),
        param_space={"kernel": "rbf", "C": 1.0, **parameters},
    )


@pytest.mark.parametrize("trainable", ["svm", train])
def test_the_only_data_set_needs_no_parameter(trainable: Any) -> None:
    mine = space(trainable, ("trees",))
    found = find_trainable(mine)
    assert found.complete({"C": 1.0})["dataset"] == "trees"
    named = space(trainable, ("trees",), dataset="trees")
    ids = {s.expand(found.defaults())[0].config_id for s in (mine, named)}
    assert len(ids) == 1, "naming the only data set changes nothing"


@pytest.mark.parametrize("trainable", ["svm", train])
def test_several_data_sets_are_chosen_from(trainable: Any) -> None:
    both = tune.grid_search(["trees", "mnist", "shrubs"])
    assert "dataset" not in find_trainable(
        space(trainable, ("trees", "shrubs"), dataset=both)
    ).complete({"C": 1.0})
    with pytest.raises(UserError, match=r"param_space lacks '?dataset"):
        find_trainable(space(trainable, ("trees", "shrubs")))
    with pytest.raises(UserError, match=r"dataset is 'tree'.*; allowed: .*trees"):
        find_trainable(space(trainable, ("trees", "shrubs"), dataset="tree"))


def test_a_function_takes_a_shipped_data_set() -> None:
    assert find_trainable(space(train, (), dataset="mnist")).uses_images
    with pytest.raises(UserError, match="takes data, but the space has no datasets"):
        find_trainable(space(train, ()))


@pytest.mark.parametrize("trainable", ["svm", train])
def test_the_name_of_a_shipped_data_set_is_taken(trainable: Any) -> None:
    with pytest.raises(UserError, match=r"datasets: 'mnist' is the name of a data set that ships"):
        find_trainable(space(trainable, ("mnist",)))


def test_status_knows_the_data_sets_of_a_study() -> None:
    study = {
        "space": {"trainable": "svm", "defaults": {"dataset": "trees"}},
        "data": {"datasets": {"trees": {}}},
    }
    found = trainable_of_study(study)
    assert found is not None
    assert found.parameters["dataset"].accepts("trees")
    assert found.complete({})["dataset"] == "trees"
