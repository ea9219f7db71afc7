"""What the options of a search stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tests.ledgers import make_space
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_options import SearchOptions, search_settings
from tune_app.storage.local_store import LocalStore
from tune_app.study.search_settings import SearchSettings

FULL = SearchSettings("tpe", 30, 4, "asha", (1, 3), 3)


def request(folder: Path, search: SearchOptions, **changes: Any) -> StudyRequest:
    return StudyRequest(
        changes.pop("space", make_space()), LocalStore(folder / "mine"), search=search, **changes
    )


def domains() -> SearchSpace:
    constants = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd"}
    sampled = {"lr": tune.loguniform(1e-4, 1e-1), "epochs": 9}
    return make_space(param_space={**constants, **sampled}, factors=("lr",))


def test_a_grid_is_run_as_a_grid_unless_a_search_is_asked_for(tmp_path: Path) -> None:
    assert search_settings(request(tmp_path, SearchOptions()), None) is None
    found = search_settings(request(tmp_path, SearchOptions("random", 5)), None)
    assert found == SearchSettings("random", 5)


def test_what_is_left_out_is_as_the_study_has_it(tmp_path: Path) -> None:
    recorded = FULL.as_json()
    more = search_settings(request(tmp_path, SearchOptions(num_trials=60)), recorded)
    assert more == SearchSettings("tpe", 60, 4, "asha", (1, 3), 3)
    other = search_settings(request(tmp_path, SearchOptions(reduction=4)), recorded)
    assert other == SearchSettings("tpe", 30, 4, "asha", (), 4), "the rungs follow the factor"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SearchOptions(num_trials=3), "--search is missing"),
        (SearchOptions("tpe"), "--num-trials is missing"),
    ],
)
def test_a_new_search_needs_a_sampler_and_a_number(
    tmp_path: Path, options: SearchOptions, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        search_settings(request(tmp_path, options), None)


def test_domains_without_a_search_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"has domains, .* add --search tpe --num-trials 30"
    ) as told:
        check_request(request(tmp_path, SearchOptions(), space=domains()))
    assert "\n" not in str(told.value)


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"study\.json: search: num_trials is damaged; restore"):
        damaged = {**FULL.as_json(), "num_trials": "many"}
        search_settings(request(tmp_path, SearchOptions("tpe")), damaged)


@pytest.mark.parametrize("number", [0, 100_001])
def test_numbers_that_no_search_has(tmp_path: Path, number: int) -> None:
    with pytest.raises(UserError, match=f"--num-trials {number}: allowed: 1 to 100,000"):
        check_request(request(tmp_path, SearchOptions("random", number), space=domains()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": (0, 1)}, "--seeds: a search tries each configuration at one seed, not at 2"),
        ({"budget_seconds": 60.0}, "--budget: the trials of a search are not known beforehand"),
        ({"check_sharing": True}, "--check-sharing: each trial of a search serves one row"),
        ({"further": ("a", 3)}, "--continue takes one row further, without a search"),
    ],
)
def test_options_that_a_search_cannot_have(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check_request(request(tmp_path, SearchOptions("random", 3), space=domains(), **changes))


def test_a_trainable_without_epochs_cannot_be_stopped(tmp_path: Path) -> None:
    svm = make_space(
        trainable="svm",
        param_space={"dataset": "mnist", "kernel": "rbf", "C": {"grid_search": [1, 10]}},
        factors=("C",),
    )
    with pytest.raises(UserError, match="--stopping asha: trainable svm has no epochs"):
        check_request(request(tmp_path, SearchOptions("random", 2, stopping="asha"), space=svm))


def test_a_new_search_has_no_rows_and_its_settings_are_recorded(tmp_path: Path) -> None:
    options = SearchOptions("random", 3, stopping="asha", rungs=(1, 3))
    asked = request(tmp_path, options, space=domains(), source="sample", num_images=100)
    study = prepare(check_request(asked), Cluster(({"CPU": 1.0},)))
    assert study.ledger.row_keys() == []
    expected = SearchSettings("random", 3, stopping="asha", rungs=(1, 3))
    assert study.search == expected and study.ledger.study["search"] == expected.as_json()


def test_a_search_goes_on_without_its_options_where_nothing_else_could_run(tmp_path: Path) -> None:
    again = request(tmp_path, SearchOptions(), space=domains())
    assert search_settings(again, FULL.as_json()) == FULL
    assert search_settings(request(tmp_path, SearchOptions()), FULL.as_json()) is None, "a grid"


def test_a_study_with_a_search_keeps_its_one_seed(tmp_path: Path) -> None:
    options = SearchOptions("random", 3)
    common: dict[str, Any] = {"space": domains(), "source": "sample", "num_images": 100}
    first = prepare(
        check_request(request(tmp_path, options, **common, seeds=(3,))), Cluster(({"CPU": 2.0},))
    )
    first.ledger.start_launch({})
    assert check_request(request(tmp_path, options, **common)).request.seeds == (3,)
    point = (("lr", "0.01"),)
    added = check_request(request(tmp_path, SearchOptions(), **common, add=(point,)))
    assert added.request.seeds == (3,)
    with pytest.raises(UserError, match="one seed, not at 2; name one seed"):
        check_request(request(tmp_path, SearchOptions(), **common, add=(point,), seeds=(4,)))
