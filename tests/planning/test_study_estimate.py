from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import make_configuration
from search_spaces.space import SearchSpace
from tests.own_studies import report
from tune_app.planning.checked_request import check_request
from tune_app.planning.estimate import Estimate
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import SearchOptions, StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.study_estimate import estimate_study
from tune_app.storage.local_store import LocalStore
from tune_app.study.search_log import append_event, ask_event

CLUSTER = Cluster(({"CPU": 2.0},))


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def prepared(root: Path, values: Any, **options: Any) -> PreparedStudy:
    space = SearchSpace(name="mine", trainable=train, metric="score", param_space={"x": values})
    return prepare(check_request(StudyRequest(space, LocalStore(root), **options)), CLUSTER)


def estimated(study: PreparedStudy) -> Estimate:
    return estimate_study(study, study.plan(CLUSTER), CLUSTER, lambda function: b"")


def begun(study: PreparedStudy, values: tuple[int, ...]) -> None:
    """Write a launch in which trials ran side by side, for 30 seconds each."""
    study.ledger.save()
    launch = study.ledger.start_launch({})
    for x in values:
        report(study.ledger, {"x": x}, [{"score": x}] * 3, launch=launch)


def test_a_function_takes_what_its_newest_launch_took(tmp_path: Path) -> None:
    values = tune.grid_search([1, 2, 3, 4, 5])
    study = prepared(tmp_path / "mine", values)
    assert estimated(study) == Estimate(None, 2, None, None)
    begun(study, (1, 2))
    # 2 trials in 30 seconds, so 3 trials in 45.
    found = estimated(prepared(tmp_path / "mine", values))
    assert found.seconds == pytest.approx(45.0) and found.disk_bytes is None


def test_a_search_has_yet_to_ask_for_some_of_its_trials(tmp_path: Path) -> None:
    """Two of six trials have taken 30 seconds side by side: that asked for, and three, take 60."""
    values, search = tune.grid_search([1, 2, 3, 4, 5, 6, 7]), SearchOptions("random", 6)
    study = prepared(tmp_path / "mine", values, search=search)
    assert estimated(study).seconds is None
    study.ledger.save()
    for number, x in enumerate((1, 2, 3)):
        found = make_configuration({"x": x})
        asked = ask_event(number, found.config_id, found.config, "random")
        append_event(study.ledger.store, asked)
    asking = prepared(tmp_path / "mine", values, search=search)
    begun(asking, (1, 2))
    again = prepared(tmp_path / "mine", values, search=search)
    assert len(again.plan(CLUSTER).trials) == 1 and estimated(again).seconds == pytest.approx(60.0)
