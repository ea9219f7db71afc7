"""A study as a command prepares it: what it loads and plans."""

from __future__ import annotations

from pathlib import Path

from ray import tune

from tests.ledgers import make_space
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.storage.local_store import LocalStore


def test_a_space_that_became_smaller_leaves_the_rows_of_a_study_their_images(
    tmp_path: Path,
) -> None:
    def prepared(*datasets: str) -> PreparedStudy:
        space = {"dataset": tune.grid_search(list(datasets)), "epochs": 1, "model": "resnet18"}
        space |= {"batch_size": 16, "optimizer": "sgd", "lr": 0.1}
        mine = make_space(param_space=space, factors=("dataset",))
        root = tmp_path / "mine"
        request = StudyRequest(mine, LocalStore(root), source="sample", num_images=100)
        return prepare(check_request(request), cluster)

    cluster = Cluster(({"CPU": 1.0},))
    prepared("mnist", "fashion_mnist").ledger.save()
    one = prepared("mnist")
    assert one.num_added == 0
    plan = one.plan(cluster)
    assert {trial.config["dataset"] for trial in plan.trials} == set(one.images)
    assert set(one.images) == {"mnist", "fashion_mnist"}
