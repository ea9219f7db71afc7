from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import make_configuration
from search_spaces.space import SearchSpace
from tune_app.engine.user_code import ship
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import SearchOptions, StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search.steps import New
from tune_app.planning.search_preview import preview
from tune_app.planning.search_trials import plan_search
from tune_app.planning.study_estimate import estimate_study
from tune_app.storage.local_store import LocalStore
from tune_app.study.search_log import append_event, ask_event

CLUSTER = Cluster(({"CPU": 2.0},))


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def prepared(root: Path, x: Any, search: SearchOptions | None, **more: Any) -> PreparedStudy:
    axes = {"x": x, "epochs": tune.choice([1, 2])}
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space=axes, **more)
    search = search or SearchOptions()
    return prepare(check_request(StudyRequest(space, LocalStore(root), search=search)), CLUSTER)


def configs_of(study: PreparedStudy) -> list[tuple[Any, Any]]:
    return [(trial.config["x"], trial.config["epochs"]) for trial in preview(study, CLUSTER)]


def test_a_random_search_asks_for_what_is_foreseen(tmp_path: Path) -> None:
    start = [{"x": 0.25, "epochs": 2}]
    options = SearchOptions("random", 5)
    study = prepared(tmp_path / "mine", tune.uniform(0, 1), options, start_with=start)
    search = study.open_search(lambda _event: None)
    steps = [search.next() for _ in range(5)]
    asked = [step.configuration.config for step in steps if isinstance(step, New)]
    assert configs_of(study) == [(config["x"], config["epochs"]) for config in asked]
    assert configs_of(study)[0] == (0.25, 2)


def test_what_was_asked_for_is_not_foreseen_again(tmp_path: Path) -> None:
    """Of the six points of the space one was asked for, and no more than the space has is asked."""
    root, axis = tmp_path / "mine", tune.choice([1, 2, 3])
    study = prepared(root, axis, SearchOptions("random", 50))
    study.ledger.save()
    found = make_configuration({"x": 2, "epochs": 1})
    append_event(study.ledger.store, ask_event(0, found.config_id, found.config, "random"))
    left = sorted(configs_of(prepared(root, axis, SearchOptions("random", 50))))
    assert left == [(1, 1), (1, 2), (2, 2), (3, 1), (3, 2)]


def test_of_many_some_are_drawn_and_repeated(tmp_path: Path) -> None:
    drawn = configs_of(
        prepared(tmp_path / "mine", tune.uniform(0, 1), SearchOptions("random", 450))
    )
    assert len(drawn) == 450 and len(set(drawn)) == 200
    assert drawn[:200] == drawn[200:400]


def test_a_grid_asks_for_nothing(tmp_path: Path) -> None:
    axes = {"x": tune.grid_search([1, 2])}
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space=axes)
    study = prepare(check_request(StudyRequest(space, LocalStore(tmp_path / "mine"))), CLUSTER)
    assert preview(study, CLUSTER) == []


@pytest.mark.parametrize(
    ("stopping", "basis"),
    [
        ("none", "for 3 random configurations"),
        ("asha", "for 3 random configurations, if asha stops none"),
    ],
)
def test_a_search_is_estimated_before_it_has_asked_for_anything(
    tmp_path: Path, stopping: str, basis: str
) -> None:
    axes = {
        "dataset": "mnist",
        "model": "resnet18",
        "batch_size": 32,
        "optimizer": "sgd",
        "lr": tune.loguniform(1e-4, 1e-2),
        "epochs": 2,
    }
    space = SearchSpace(name="mine", trainable="resnet", param_space=axes)
    options = SearchOptions("tpe", 3, stopping=stopping)
    store = LocalStore(tmp_path / "mine")
    checked = check_request(
        StudyRequest(space, store, search=options, source="sample", num_images=100)
    )
    study = prepare(checked, CLUSTER)
    found = estimate_study(study, plan_search(study, CLUSTER), CLUSTER, ship)
    assert found.basis == basis and found.num_slots == 2 and found.unknown == ""
    assert found.seconds is not None and found.seconds > 0
    assert found.disk_bytes and found.memory_bytes
