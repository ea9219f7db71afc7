"""A study as a command prepares it: what it loads and plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces import SearchSpace
from search_spaces.measure import Measure
from tests.ledgers import make_ledger, make_space
from tests.own_studies import report
from tune_app.planning.checked_request import check_request
from tune_app.planning.limits import Limits
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


def test_trials_of_a_study_stay_on_its_device_whatever_the_cluster_has_now(tmp_path: Path) -> None:
    gpu, none = Cluster(({"CPU": 2.0, "GPU": 1.0},)), Cluster(({"CPU": 2.0},))
    config = {"dataset": "mnist", "epochs": 1, "model": "resnet18", "batch_size": 16}
    config |= {"optimizer": "sgd", "lr": tune.grid_search([0.1, 0.2])}
    for device in ("cpu", "cuda"):
        store = LocalStore(tmp_path / device)
        space = make_space(param_space=config, factors=("lr",))
        request = StudyRequest(space, store, source="sample", num_images=100)
        new = check_request(request)
        assert (new.device(gpu), new.device(none)) == ("cuda", "cpu"), "there is no study yet"
        make_ledger(store, device=device, param_space=config, factors=("lr",)).save()
        again = check_request(request)
        assert again.device(gpu) == again.device(none) == device
    assert check_request(replace(request, device="cpu")).device(gpu) == "cpu"


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("val_rmse", []),
        (
            "rmse",
            ["note: --target rmse=1: no row with a result reports rmse; did you mean 'val_rmse'?"],
        ),
    ],
)
def test_a_target_that_no_row_reports_is_noted(tmp_path: Path, name: str, notes: list[str]) -> None:
    """Such a launch would never reach it."""
    axes = {"lr": tune.grid_search([1, 2])}
    space = SearchSpace(
        name="mine",
        trainable=_fit,
        param_space=axes,
        metric="val_rmse",
        mode="min",
        measures={"rmse": Measure(better="min")},
    )
    limits = Limits(target=(name, 1.0))
    request = StudyRequest(space, LocalStore(tmp_path / "mine"), limits=limits)
    cluster = Cluster(({"CPU": 1.0},))
    new = prepare(check_request(request), cluster)
    assert new.notes() == [], "nothing is known yet"
    new.ledger.start_launch({"open": []})
    report(new.ledger, {"lr": 1}, [{"val_rmse": 3.0}])
    found = prepare(check_request(request), cluster).notes()
    assert found == notes


def _fit(config: dict[str, Any]) -> dict[str, float]:
    return {"val_rmse": float(config["lr"])}
