"""The objectives that the user names, and those that a study has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.engine.trial_configs import trial_configs
from tune_app.planning.checked_request import check_request
from tune_app.planning.limits import Limits
from tune_app.planning.objectives import with_objectives
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_options import SearchOptions
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.study.measures import Measures
from tune_app.study.objective import Objective

CLUSTER = Cluster(({"CPU": 2.0},))
IMAGES = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd", "lr": 0.1}


def make_space(**changes: Any) -> SearchSpace:
    """Return a space of one configuration of images."""
    fields: dict[str, Any] = {"name": "mine", "trainable": "resnet", "factors": ()}
    return SearchSpace(**{**fields, "param_space": {**IMAGES, "epochs": 9}, **changes})


BOTH = {"val_accuracy": "max", "train_seconds": "min"}


def test_one_objective_takes_the_place_of_the_metric() -> None:
    space = with_objectives(make_space(), "val_loss")
    assert (space.metric, space.mode, space.objectives) == ("val_loss", "min", {})


def test_the_first_of_several_picks() -> None:
    space = with_objectives(make_space(), " val_accuracy , train_seconds:min")
    assert (space.metric, space.mode, space.objectives) == ("val_accuracy", "max", BOTH)
    assert Measures.of_space(space).better("train_seconds") == "min"
    assert Measures.of_space(make_space()).better("train_seconds") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train_seconds", "it is not known whether higher values of train_seconds are better; "),
        ("val_loss:low", "allowed: MEASURE or MEASURE:min, separated by commas"),
        (",", "allowed: MEASURE or MEASURE:min"),
        ("val_loss,val_loss:max", "val_loss is named twice; leave one out"),
        ("val_loss,test_loss,val_accuracy,test_accuracy", "4 of them; allowed: 2 to 3"),
        ("val_loss,lr:min", "metric 'lr' is also a parameter's name"),
    ],
)
def test_what_names_no_objectives_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        with_objectives(make_space(), text)
    assert message in str(refusal.value)


def test_a_space_says_what_its_objectives_must_be() -> None:
    with pytest.raises(UserError, match="objectives must map measures to max, min"):
        make_space(objectives={"val_accuracy": "up", "train_seconds": "min"})
    with pytest.raises(UserError, match="1 of them; allowed: 2 to 3; a single one is metric"):
        make_space(objectives={"val_accuracy": "max"})


def checked(folder: Path, **changes: Any) -> PreparedStudy:
    """Record a launch of a study, and return the study."""
    fields = {"space": make_space(), "source": "sample", "num_images": 200, **changes}
    request = StudyRequest(store=LocalStore(folder), **fields)
    study = prepare(check_request(request), CLUSTER)
    study.ledger.start_launch({"open": []})
    return study


def objectives(study: PreparedStudy) -> tuple[Objective, ...]:
    return Objective.all_of_study(study.ledger.study)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("val_accuracy,train_seconds:min", (("val_accuracy", "max"), ("train_seconds", "min"))),
        ("val_loss", (("val_loss", "min"),)),
        ("val_accuracy:min", (("val_accuracy", "min"),)),
    ],
)
@pytest.mark.parametrize("declared", [{}, BOTH])
def test_what_the_user_named_holds_until_something_else_is_named(
    tmp_path: Path, text: str, found: tuple[tuple[str, str], ...], declared: dict[str, str]
) -> None:
    space = make_space(objectives=declared)
    named = with_objectives(space, text)
    want = tuple(Objective(*names) for names in found)
    assert objectives(checked(tmp_path, space=named, has_objective=True)) == want
    for seeds in ((0,), (0, 1), (0, 1, 2)):
        again = checked(tmp_path, space=space, seeds=seeds)
        assert objectives(again) == want and again.notes() == []
    other = with_objectives(space, "train_accuracy")
    changed = checked(tmp_path, space=other, has_objective=True)
    assert objectives(changed) == (Objective("train_accuracy", "max"),)
    before = ", ".join(map(str, want))
    assert changed.notes() == [
        f"note: the objective of the study was {before} and is now train_accuracy (max); the best "
        "configurations and the weights that are kept follow it"
    ]


def test_what_the_space_declares_counts_anew(tmp_path: Path) -> None:
    assert len(objectives(checked(tmp_path, space=make_space(objectives=BOTH)))) == 2
    without = checked(tmp_path, space=make_space())
    assert objectives(without) == (Objective("val_accuracy", "max"),)
    assert "was val_accuracy (max), train_seconds (min) and is now" in "".join(without.notes())
    lower = make_space(metric="val_loss", mode="min")
    assert objectives(checked(tmp_path, space=lower)) == (Objective("val_loss", "min"),)


def test_a_target_has_the_direction_of_the_objective_that_is_kept(tmp_path: Path) -> None:
    named = with_objectives(make_space(), "val_accuracy:min")
    checked(tmp_path, space=named, has_objective=True)
    again = checked(tmp_path, limits=Limits(target=("val_accuracy", 0.1)))
    assert again.request.limits.mode == "min"


def test_no_trial_is_stopped_by_several_objectives(tmp_path: Path) -> None:
    search = SearchOptions("random", 3, stopping="asha")
    space = make_space(objectives=BOTH)
    request = StudyRequest(space, LocalStore(tmp_path / "mine"), search=search)
    with pytest.raises(UserError) as refusal:
        check_request(request)
    assert str(refusal.value) == (
        "--stopping asha: decides by one objective, and there are 2 (val_accuracy, "
        "train_seconds); leave it out, or name one with --objective val_accuracy"
    )


def test_every_objective_must_be_reported(tmp_path: Path) -> None:
    space = make_space(objectives={"val_accuracy": "max", "speed": "max"})
    request = StudyRequest(space, LocalStore(tmp_path / "m"), source="sample", num_images=200)
    with pytest.raises(UserError, match="metric is 'speed', which trainable resnet does not"):
        prepare(check_request(request), CLUSTER)


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    request = StudyRequest(
        make_space(objectives=BOTH), LocalStore(tmp_path / "m"), source="sample", num_images=200
    )
    study = prepare(check_request(request), CLUSTER)
    study.ledger.study["space"]["objectives"] = {"val_accuracy": "up"}
    study.ledger.save()
    with pytest.raises(UserError, match="space: objectives is damaged"):
        open_ledger(LocalStore(tmp_path / "m"))


def fit(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


@pytest.mark.parametrize("prefix_axis", [None, "x"])
def test_results_of_a_function_are_not_run_again_for_a_measure_that_none_has(
    tmp_path: Path, prefix_axis: str | None
) -> None:
    space = SearchSpace(
        name="own", trainable=fit, metric="score", param_space={"x": 1}, prefix_axis=prefix_axis
    )
    study = checked(tmp_path, space=space)
    (config,) = trial_configs(study.plan(CLUSTER).trials, study.ledger, study.recorded, "001")
    folder = study.ledger.root / config["plan"]["directory"]
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(config))
    row = {"epoch": 1, "score": 0.5, "cost": 3}
    if prefix_axis is None:
        (folder / "returned.json").write_text('{"epoch": 1}')
    else:
        row["milestone"] = 1
    (folder / "result.json").write_text(f"{json.dumps(row)}\n")
    assert checked(tmp_path, space=with_objectives(space, "cost:min")).plan(CLUSTER).is_empty
    unknown = with_objectives(space, "scroe:max")
    with pytest.raises(UserError) as refusal:
        checked(tmp_path, space=unknown)
    assert str(refusal.value).startswith(
        f"metric 'scroe': no result of study {tmp_path.name} has it; did you mean 'score'?; "
        "allowed: cost, score; if the code reports it from now on, add --accept-code-change, or "
    )
    accepted = checked(tmp_path, space=unknown, accept_code_change=True)
    assert accepted.plan(CLUSTER).is_empty == (prefix_axis is not None)
