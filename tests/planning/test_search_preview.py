from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import make_configuration
from search_spaces.space import SearchSpace
from tests.own_studies import report
from tune_app.engine.user_code import ship
from tune_app.planning import study_estimate
from tune_app.planning.checked_request import check_request
from tune_app.planning.estimate import (
    START_SECONDS,
    TRIAL_SECONDS,
    WORKER_BYTES,
    Probes,
    _kind,
)
from tune_app.planning.plan import PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import SearchOptions, StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search.steps import New
from tune_app.planning.search_preview import preview
from tune_app.planning.search_trials import plan_search
from tune_app.storage.local_store import LocalStore
from tune_app.study.search_log import append_event, ask_event
from tune_app.training.probe import EpochTimes, Probe
from tune_app.training.registry import TRAINABLES

CLUSTER = Cluster(({"CPU": 2.0},))


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def prepared(root: Path, x: Any, search: SearchOptions, **more: Any) -> PreparedStudy:
    axes = {"x": x, "epochs": tune.choice([1, 2])}
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space=axes, **more)
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


def test_configurations_that_cannot_run_here_take_no_time(tmp_path: Path) -> None:
    study = prepared(tmp_path / "mine", tune.choice([1, 2, 3]), SearchOptions("random", 6))
    nowhere = prepared(
        tmp_path / "none", tune.choice([1, 2]), SearchOptions("random", 4), resources={"gpu": 1}
    )
    assert len(preview(study, CLUSTER)) == 6 and preview(nowhere, CLUSTER) == []


def test_rows_of_a_grid_are_not_tried_again(tmp_path: Path) -> None:
    axes = {"x": tune.grid_search([1, 2, 3])}
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space=axes)
    store = LocalStore(tmp_path / "mine")
    grid = prepare(check_request(StudyRequest(space, store)), CLUSTER)
    grid.ledger.save()
    for x in (1, 3):
        report(grid.ledger, {"x": x}, [{"score": x}])
    options = SearchOptions("random", 50)
    study = prepare(check_request(StudyRequest(space, store, search=options)), CLUSTER)
    assert [trial.config["x"] for trial in preview(study, CLUSTER)] == [2]


def test_a_grid_asks_for_nothing(tmp_path: Path) -> None:
    axes = {"x": tune.grid_search([1, 2])}
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space=axes)
    study = prepare(check_request(StudyRequest(space, LocalStore(tmp_path / "mine"))), CLUSTER)
    assert preview(study, CLUSTER) == []


@pytest.mark.parametrize(
    ("stopping", "basis"),
    [
        ("none", "for 5 random configurations"),
        ("asha", "for 5 random configurations, if asha stops none"),
    ],
)
def test_a_search_is_estimated_before_it_has_asked_for_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopping: str, basis: str
) -> None:
    """Of five trials of 2 epochs of 70 images, 1 s each, two run at once: three rounds."""
    axes = {
        **{"dataset": "mnist", "model": "resnet18", "batch_size": tune.choice([16, 32])},
        **{"optimizer": "sgd", "lr": tune.loguniform(1e-4, 1e-2), "epochs": 2},
    }
    probe = Probe(EpochTimes(per_train=1 / 70, per_eval=0.0), memory_bytes=7)

    def measured(trials: Sequence[PlannedTrial], *_others: Any) -> Probes:
        return {_kind(TRAINABLES["resnet"], trial): probe for trial in trials}

    monkeypatch.setattr(study_estimate, "probe_trials", measured)
    space = SearchSpace(name="mine", trainable="resnet", param_space=axes)
    options = {"search": SearchOptions("tpe", 5, stopping=stopping), "num_images": 100}
    store = LocalStore(tmp_path / "mine")
    asked: Any = StudyRequest(space, store, source="sample", **options)
    study = prepare(check_request(asked), CLUSTER)
    found = study_estimate.estimate_study(study, plan_search(study, CLUSTER), CLUSTER, ship)
    assert found.seconds == pytest.approx(START_SECONDS + 3 * (2 + TRIAL_SECONDS))
    assert (found.basis, found.num_slots, found.unknown) == (basis, 2, "")
    assert found.memory_bytes == 2 * (WORKER_BYTES + 7)
