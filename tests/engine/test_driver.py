"""What Tune gets of a study: the function of a trial, and how many trials wait."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from search_spaces.space import SearchSpace
from tests.studies import resnet_config, svm_config
from tune_app.engine.driver import _function, _max_waiting
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.storage.local_store import LocalStore
from tune_app.training.classifier_family import classifier
from tune_app.training.registry import TRAINABLES

NAME = "TUNE_MAX_PENDING_TRIALS_PG"


def fit(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


@pytest.mark.parametrize(
    ("num_at_once", "num_waiting"), [(1, 8), (64, 8), (400, 50), (1_000, 125), (9_999, 128)]
)
def test_a_larger_cluster_is_filled_by_more_at_a_time(
    monkeypatch: pytest.MonkeyPatch, num_at_once: int, num_waiting: int
) -> None:
    monkeypatch.setenv(NAME, "")
    monkeypatch.delenv(NAME)
    assert _max_waiting(num_at_once) == num_waiting
    assert os.environ[NAME] == str(num_waiting), "Tune has to keep as many"


@pytest.mark.parametrize(("value", "num_waiting"), [("20", 20), ("auto", 1)])
def test_a_number_of_the_user_counts(
    monkeypatch: pytest.MonkeyPatch, value: str, num_waiting: int
) -> None:
    monkeypatch.setenv(NAME, value)
    assert _max_waiting(1_000) == num_waiting
    assert os.environ[NAME] == value


@pytest.mark.parametrize(
    "trainable",
    [*TRAINABLES, classifier(), classifier(models={"net": lambda _config, _data: None}), fit],
    ids=[*TRAINABLES, "of torchvision", "of the user's", "a function"],
)
def test_every_kind_of_trainable_becomes_a_function_of_tune(tmp_path: Path, trainable: Any) -> None:
    values = svm_config() if trainable == "svm" else resnet_config()
    space = SearchSpace(name="kinds", trainable=trainable, param_space=values)
    store = LocalStore(tmp_path / "kinds")
    request = StudyRequest(space, store, source="sample", num_images=100)
    study = prepare(check_request(request), Cluster(({"CPU": 2.0},)))
    assert _function(study).__name__.startswith("kinds:")
