"""A row of a study is taken further: its epochs, its checkpoint, and what is said about it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError
from tune_app.engine.trial_configs import trial_configs
from tune_app.planning.checked_request import check_request
from tune_app.planning.further import further_notes
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.storage.local_store import LocalStore
from tune_app.study.stop import Stop
from tune_app.training.own_checkpoint import write_own_index

CLUSTER = Cluster(({"CPU": 2.0},))
COSINE = {"lr_schedule": "cosine"}


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def config_id(x: int, epochs: int = 9) -> str:
    return make_configuration({"x": x, "epochs": epochs}).config_id


def study(
    folder: Path,
    further: tuple[str, int] | None = None,
    seeds: tuple[int, ...] = (),
    **space: Any,
) -> PreparedStudy:
    fields: dict[str, Any] = {
        "name": "mine",
        "trainable": train,
        "metric": "score",
        "prefix_axis": "epochs",
        "param_space": {"x": {"grid_search": [1, 2]}, "epochs": 9},
    }
    request = StudyRequest(
        SearchSpace(**{**fields, **space}),
        LocalStore(folder / "mine"),
        further=further,
        seeds=seeds,
    )
    return prepare(check_request(request), CLUSTER)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """Return the folder of a study: x=1 has finished 9 epochs, x=2 was stopped after 3."""
    first = study(tmp_path)
    first.ledger.start_launch({"open": []})
    trials = first.plan(CLUSTER).trials
    for config in trial_configs(trials, first.ledger, first.recorded, "001"):
        folder = first.ledger.root / config["plan"]["directory"]
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps(config))
        last = 9 if config["x"] == 1 else 3
        rows = [{"epoch": epoch, "score": 0.1} for epoch in range(1, last + 1)]
        rows[-1] |= {"milestone": 9} if last == 9 else {}
        (folder / "result.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        (folder / f"checkpoint_{last:06d}").mkdir()
        write_own_index(folder / f"checkpoint_{last:06d}", config["plan"]["trial_key"], last, 0)
        if last == 3:
            (folder / "stopped.json").write_text(Stop("stopped", 3, "asha").as_json())
    return tmp_path


def planned(found: PreparedStudy) -> tuple[Plan, dict[str, Any]]:
    plan = found.plan(CLUSTER)
    (config,) = trial_configs(plan.trials, found.ledger, found.recorded, "002")
    return plan, config


def test_more_epochs_of_a_finished_row_go_on_from_its_checkpoint(begun: Path) -> None:
    found = study(begun, (config_id(1), 12))
    plan, config = planned(found)
    assert found.num_added == 1 and plan.num_rows == 3
    assert config["epochs"] == 12 and config["plan"]["milestones"] == [12]
    (path,) = config["plan"]["resume_from"]
    assert path.endswith("checkpoint_000009"), "only 10, 11 and 12 are trained"
    assert further_notes(found, plan) == []


def test_a_stopped_row_is_run_to_its_end_and_no_other_row_is(begun: Path) -> None:
    found = study(begun, (config_id(2)[:8], 9))
    plan, config = planned(found)
    assert (found.num_added, config["x"]) == (0, 2)
    assert config["plan"]["resume_from"][0].endswith("checkpoint_000003")
    again = study(begun, (config_id(1), 12)).plan(CLUSTER)
    assert {trial.config["x"] for trial in again.trials} == {1}
    assert again.left_out == {(config_id(2), 0)} and not plan.left_out


def test_a_stopped_row_gets_its_own_result_on_the_way_to_more_epochs(begun: Path) -> None:
    found = study(begun, (config_id(2), 12))
    _, config = planned(found)
    assert config["plan"]["serves"] == {"9": [config_id(2)], "12": [config_id(2, 12)]}
    assert config["plan"]["resume_from"][0].endswith("checkpoint_000003")
    request = replace(found.request, sharing=False)
    alone = prepare(check_request(request), CLUSTER).plan(CLUSTER)
    assert [trial.milestones for trial in alone.trials] == [(12,)]


def test_the_study_gets_no_other_seed_and_no_other_row(tmp_path: Path) -> None:
    study(tmp_path, seeds=(3,), param_space={"x": 1, "epochs": 9}).ledger.start_launch({})
    found = study(tmp_path, (config_id(1), 12))
    assert found.ledger.row_keys() == [(config_id(1), 3), (config_id(1, 12), 3)]
    assert found.num_added == 1
    assert found.ledger.study["space"]["param_space"] == {"x": 1, "epochs": 9}
    found.ledger.start_launch({})
    again = study(tmp_path, (config_id(1), 12))
    assert again.ledger.study["space"]["factors"] == ["epochs"] and not again.is_changed()


def test_a_plain_launch_runs_stopped_rows_to_their_end(begun: Path) -> None:
    _, config = planned(study(begun))
    assert config["x"] == 2 and config["plan"]["resume_from"][0].endswith("checkpoint_000003")


def test_a_finished_row_with_its_own_number_of_epochs_leaves_nothing_to_run(begun: Path) -> None:
    plan = study(begun, (config_id(1), 9)).plan(CLUSTER)
    assert plan.is_empty and plan.left_out == {(config_id(2), 0)}


def test_it_says_why_all_epochs_are_trained_again(begun: Path) -> None:
    for checkpoint in begun.glob("mine/tune/001/*/checkpoint_*/.tune_app.json"):
        checkpoint.unlink()
        checkpoint.parent.rmdir()
    found = study(begun, (config_id(1), 12))
    (note,) = further_notes(found, found.plan(CLUSTER))
    assert note.startswith("note: all epochs are trained: no checkpoint of it is left")


@pytest.mark.parametrize(
    ("row", "epochs", "message"),
    [
        ("nothing", 12, "--continue nothing: the study has no such row; allowed: "),
        ("", 12, "several rows begin so; allowed: "),
        (config_id(1), 5, "--epochs 5: row .* has 9 epochs already; allowed: from 9"),
    ],
)
def test_rows_that_cannot_be_taken_further(
    begun: Path, row: str, epochs: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        study(begun, (row, epochs))


def test_without_a_study_or_without_epochs_nothing_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no study there; run it first"):
        study(tmp_path, ("a", 12))
    study(tmp_path, prefix_axis=None).ledger.save()
    with pytest.raises(UserError, match="no parameter that gives the number of epochs"):
        study(tmp_path, (config_id(1), 12), prefix_axis=None)


def test_a_schedule_of_the_learning_rate_depends_on_the_last_epoch(tmp_path: Path) -> None:
    config = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd"}
    space = SearchSpace(
        name="mine", trainable="resnet", param_space={**config, "lr": 0.1, "epochs": 2, **COSINE}
    )

    def cosine(further: tuple[str, int] | None = None) -> PreparedStudy:
        store = LocalStore(tmp_path / "mine")
        request = StudyRequest(space, store, source="sample", num_images=100, further=further)
        return prepare(check_request(request), CLUSTER)

    first = cosine()
    first.ledger.start_launch({"open": []})
    (row,) = first.ledger.row_keys()
    found = cosine((row[0], 4))
    (note,) = further_notes(found, found.plan(CLUSTER))
    assert "its training depends on the last epoch" in note
