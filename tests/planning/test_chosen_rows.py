"""``--where`` and ``--add``: a part of a study's rows, and rows beside those of its space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_options import SearchOptions
from tune_app.planning.typed_values import parse_point, parse_values
from tune_app.storage.local_store import LocalStore

CLUSTER = Cluster(({"CPU": 2.0},))
GRID = {"lr": tune.grid_search([0.1, 0.01]), "width": tune.grid_search([8, 16]), "note": None}
TIED = {
    "net": tune.grid_search([{"kind": "a", "depth": 2, "bias": True}, {"kind": "b", "bias": False}])
}


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


class Planned:
    """Plans of one study, one after the other."""

    def __init__(self, folder: Path, param_space: dict[str, Any] | None = None) -> None:
        self._store = LocalStore(folder / "mine")
        self._space = SearchSpace(
            name="mine", trainable=train, metric="loss", param_space=param_space or GRID
        )

    def __call__(
        self, *, add: tuple[str, ...] = (), where: tuple[str, ...] = (), **fields: Any
    ) -> PreparedStudy:
        request = StudyRequest(
            self._space,
            self._store,
            add=tuple(parse_point("--add", text) for text in add),
            where=tuple(parse_values("--where", text) for text in where),
            **fields,
        )
        return prepare(check_request(request), CLUSTER)


def to_run(study: PreparedStudy) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in trial.config.items() if name != "note"}
        for trial in study.plan(CLUSTER).trials
    ]


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    return Planned(tmp_path)


def test_only_rows_with_one_of_the_values_are_run_and_the_others_are_left_out(
    planned: Planned,
) -> None:
    study = planned(where=("lr=1e-1", "seed=0,2"), seeds=(0, 1, 2))
    assert to_run(study) == [
        {"lr": 0.1, "width": width, "seed": seed} for seed in (0, 2) for width in (8, 16)
    ]
    plan = study.plan(CLUSTER)
    assert (plan.num_rows, len(plan.left_out), plan.is_empty) == (12, 8, False)
    assert len(planned(where=("lr=0.1,0.01",)).plan(CLUSTER).trials) == 4


def test_a_study_that_begins_anew_runs_the_chosen_rows_too(planned: Planned) -> None:
    planned().ledger.save()
    study = planned(where=("lr=0.1",), fresh=True)
    assert [config["lr"] for config in to_run(study)] == [0.1, 0.1]
    assert len(study.plan(CLUSTER).left_out) == 2


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            ("lrr=1",),
            "--where lrr: no such parameter; did you mean 'lr'?; allowed: lr, width, note",
        ),
        (("lr=0.5",), "--where lr=0.5: no row has it; allowed: 0.1, 0.01"),
        (("lr=0.1", "lr=0.01"), "--where lr=0.1 --where lr=0.01: no row meets all of it"),
        (("seed=3",), "--where seed=3: no row has it; allowed: 0"),
    ],
)
def test_a_condition_that_no_row_meets_is_refused(
    planned: Planned, where: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        planned(where=where)
    assert message in str(raised.value)


def test_a_parameter_of_some_rows_chooses_among_those(tmp_path: Path) -> None:
    assert [c["kind"] for c in to_run(Planned(tmp_path, TIED)(where=("depth=2",)))] == ["a"]


def test_an_added_point_is_a_row_from_then_on(planned: Planned) -> None:
    study = planned(add=("width=32,lr=0.3",))
    assert {"lr": 0.3, "width": 32, "seed": 0} in to_run(study) and len(to_run(study)) == 5
    study.ledger.save()
    later = planned()
    assert (later.num_added, len(to_run(later))) == (0, 5)
    assert planned(add=("lr=0.3,width=32",)).num_added == 0, "it is there already"
    assert planned(add=("lr=0.4,width=32", "lr=0.5,width=32")).num_added == 2
    twice = planned(add=("lr=0.6,width=32", "lr=0.6,width=32"))
    assert twice.num_added == 1 and len(to_run(twice)) == 6
    assert to_run(planned(where=("width=32",))) == [{"lr": 0.3, "width": 32, "seed": 0}]


def test_what_has_one_value_need_not_be_named_and_what_differs_becomes_a_factor(
    planned: Planned,
) -> None:
    study = planned(add=("lr=0.1,width=8,note=x",))
    assert study.ledger.configurations()[-1].config == {"lr": 0.1, "width": 8, "note": "x"}
    assert study.ledger.study["space"]["factors"] == ["lr", "width", "note"]
    assert planned().ledger.study["space"]["factors"] == ["lr", "width"]


def test_of_parameters_that_are_set_together_those_count_that_go_with_the_named_ones(
    tmp_path: Path,
) -> None:
    planned = Planned(tmp_path, TIED)
    assert planned(add=("kind=b,bias=true",)).ledger.configurations()[-1].config == {
        "kind": "b",
        "bias": True,
    }
    assert planned(add=("kind=a,depth=5",)).ledger.configurations()[-1].config == {
        "kind": "a",
        "depth": 5,
        "bias": True,
    }


@pytest.mark.parametrize(
    ("add", "message"),
    [
        ("lr=0.3", "--add lr=0.3: name also width, of which the space has several values, as in "),
        ("lr=0.3,widht=1", "--add lr=0.3,widht=1 widht: no such parameter; did you mean 'width'?"),
        ("lr=x,width=8", "--add lr=x: allowed: a number"),
    ],
)
def test_a_point_that_is_not_whole_is_refused(planned: Planned, add: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        planned(add=(add,))
    assert message in str(raised.value)


def test_a_point_of_a_shipped_trainable_may_leave_a_default_or_vary_it(tmp_path: Path) -> None:
    config = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd"}
    space = SearchSpace(
        name="mine",
        trainable="resnet",
        param_space={**config, "lr": tune.grid_search([0.1, 0.01]), "epochs": 1},
    )
    point = parse_point("--add", "lr=0.1,momentum=0.8,dataset=fashion_mnist")
    request = StudyRequest(
        space, LocalStore(tmp_path / "mine"), add=(point,), source="sample", num_images=100
    )
    study = prepare(check_request(request), CLUSTER)
    assert set(study.images) == {"mnist", "fashion_mnist"}
    configs = [c.config for c in study.ledger.configurations()]
    assert [c["momentum"] for c in configs] == [0.9, 0.9, 0.8], "the default is named"
    without = prepare(check_request(StudyRequest(space, request.store, source="sample")), CLUSTER)
    ids = [c.config_id for c in study.ledger.configurations()]
    assert [c.config_id for c in without.ledger.configurations()] == ids[:2]
    assert study.ledger.study["space"]["factors"] == ["lr", "dataset", "momentum"]
    with pytest.raises(UserError, match="dataset is 'minst'; allowed: mnist, fashion_mnist"):
        typo = parse_point("--add", "lr=0.1,dataset=minst")
        prepare(check_request(replace(request, add=(typo,))), CLUSTER)
    with pytest.raises(UserError, match="batch_size is 0; allowed: a whole number >= 2"):
        bad = parse_point("--add", "lr=0.1,batch_size=0")
        prepare(check_request(replace(request, add=(bad,))), CLUSTER)


def test_points_of_a_space_with_domains_are_run_without_its_search(tmp_path: Path) -> None:
    planned = Planned(tmp_path, {"lr": tune.loguniform(1e-4, 1e-1), "width": 8})
    study = planned(add=("lr=0.5",))
    assert study.search is None and to_run(study) == [{"lr": 0.5, "width": 8, "seed": 0}]
    tpe = SearchOptions(sampler="random", num_trials=3)
    for option, given in (("--add", {"add": ("lr=0.5",)}), ("--where", {"where": ("width=8",)})):
        with pytest.raises(UserError, match=f"{option}: a search decides itself"):
            planned(search=tpe, **given)
    with pytest.raises(UserError, match="--continue takes one row further; leave out --add"):
        planned(further=("abc", 3), add=("lr=0.5",))
