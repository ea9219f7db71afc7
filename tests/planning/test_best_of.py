"""What ``--best-of`` repeats: the picks, their space, the seeds, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError
from tests.own_studies import own_study, report
from tests.studies import study_json
from tune_app.planning.best_of import Repeat, check_same_data, find_repeat
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import prepare
from tune_app.planning.repeated_space import param_space_of
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_options import SearchOptions
from tune_app.storage.local_store import LocalStore
from tune_app.study.best_of import BestOf, Pick, items_of
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.study_file import read_study

SCORES = {1: 90.0, 2: 93.0, 3: 91.0}


def fit(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


SPACE = SearchSpace(
    name="searched", trainable=fit, metric="score", param_space={"depth": 1, "heads": 2}
)


def config_id(depth: int) -> str:
    return make_configuration({"depth": depth, "heads": 2}).config_id


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """Return a study of depths 1 to 5: the fourth diverged at its only seed, one has not begun."""
    configs = [{"depth": depth, "heads": 2} for depth in (1, 2, 3, 4, 5)]
    ledger = own_study(tmp_path / "searched", configs, metric="score", mode="max")
    for depth, score in SCORES.items():
        report(ledger, configs[depth - 1], [{"score": score}])
    report(ledger, configs[3], [{"score": 99.0, "status": "diverged"}])
    return tmp_path / "searched"


def repeat_of(folder: Path, count: int = 1, own: SearchSpace | None = SPACE) -> Repeat:
    return find_repeat(LocalStore(folder), count, own, {}, accept_code_change=False)


def request(folder: Path, **changes: Any) -> StudyRequest:
    return StudyRequest(SPACE, LocalStore(folder), **changes)


def begin(repeat: Repeat, folder: Path, seeds: tuple[int, ...] = ()) -> Ledger:
    """Write the study that repeats the picks, as its first launch does."""
    asked = repeat.asked_by(request(folder, seeds=seeds), count=None)
    study = prepare(check_request(asked), Cluster(({"CPU": 2.0},)))
    study.ledger.start_launch({"open": []})
    return study.ledger


def test_the_best_by_the_objective_is_picked_out_of_all_that_were_begun(searched: Path) -> None:
    repeat = repeat_of(searched)
    assert repeat.best_of == BestOf(
        "searched", "score", "max", (0,), (Pick(config_id(2), 93.0, 4, 3),), {}
    )
    assert repeat.space.param_space == {"depth": 2, "heads": 2}
    assert repeat.space.trainable is fit


def test_several_picks_are_tied_parameters_of_one_grid(searched: Path) -> None:
    repeat = repeat_of(searched, count=2)
    assert [pick.config_id for pick in repeat.best_of.picks] == [config_id(2), config_id(3)]
    assert [c.config_id for c in repeat.space.expand()] == [config_id(2), config_id(3)]
    assert repeat.space.factors == ("depth",)


def test_each_data_set_has_a_pick_and_its_own_number_of_candidates(tmp_path: Path) -> None:
    configs = [{"dataset": d, "depth": n} for d, n in (("a", 1), ("b", 1), ("a", 2))]
    ledger = own_study(tmp_path / "searched", configs, metric="loss", mode="min")
    for place, config in enumerate(configs):
        report(ledger, config, [{"loss": 3.0 - place}])
    own = replace(SPACE, param_space={"dataset": "a", "depth": 1}, metric="loss", mode="min")
    picks = repeat_of(tmp_path / "searched", own=own).best_of.picks
    ids = [make_configuration(config).config_id for config in configs]
    assert picks == (Pick(ids[2], 1.0, 2, 2), Pick(ids[1], 2.0, 1, 1))


def test_seeds_of_the_search_are_left_out_and_six_new_ones_are_the_default(
    searched: Path, tmp_path: Path
) -> None:
    repeat = repeat_of(searched)
    asked = repeat.asked_by(request(tmp_path / "best", seeds=(0, 1, 2)), count=None)
    assert asked.seeds == (1, 2)
    assert asked.notes == ("seeds of searched are left out, as they are not new: 0",)
    asked = repeat.asked_by(request(tmp_path / "best"), count=None)
    assert (asked.seeds, asked.notes) == ((1, 2, 3, 4, 5, 6), ())
    used = replace(repeat, best_of=replace(repeat.best_of, seeds=(0, 2)))
    assert used.asked_by(request(tmp_path / "best"), count=None).seeds == (1, 3, 4, 5, 6, 7)
    with pytest.raises(UserError, match=r"has used 0, 2, so no seed is new; .* --seeds 3-8"):
        used.asked_by(request(tmp_path / "best", seeds=(0,)), count=None)


def test_with_a_split_for_every_seed_the_split_of_the_search_is_not_new(
    tmp_path: Path, searched: Path
) -> None:
    repeat = replace(repeat_of(searched), data={"split_seed": 3})
    asked = repeat.asked_by(request(tmp_path / "best", vary_split=True, seeds=(2, 3)), count=None)
    assert asked.seeds == (2,)
    asked = repeat.asked_by(request(tmp_path / "best", seeds=(2, 3)), count=None)
    assert asked.seeds == (2, 3) and asked.split_seed == 3, "the split is that of the search"
    varied = replace(repeat, data={"split_seed": 3, "vary_split": True})
    asked = varied.asked_by(request(tmp_path / "best", vary_split=True, seeds=(2, 3)), count=None)
    assert asked.seeds == (2, 3), "in the search each seed had its own split, too"


def test_the_study_records_what_it_repeats(searched: Path, tmp_path: Path) -> None:
    repeat = repeat_of(searched)
    begin(repeat, tmp_path / "best")
    study = read_study(LocalStore(tmp_path / "best"))
    assert study is not None and study["seeds"] == [1, 2, 3, 4, 5, 6]
    assert [entry["config_id"] for entry in study["configurations"]] == [config_id(2)]
    assert BestOf.from_json(study["best_of"]) == repeat.best_of


def test_a_study_that_has_begun_goes_on_with_its_picks(searched: Path, tmp_path: Path) -> None:
    begin(repeat_of(searched), tmp_path / "best", seeds=(4, 5))
    ledger = open_ledger(LocalStore(searched))
    assert ledger is not None
    report(ledger, {"depth": 5, "heads": 2}, [{"score": 95.0}])
    later = repeat_of(searched)
    assert later.best_of.picks == (Pick(config_id(5), 95.0, 5, 4),)
    asked = later.asked_by(request(tmp_path / "best"), count=None)
    assert asked.seeds == (4, 5) and asked.space.param_space == {"depth": 2, "heads": 2}
    assert asked.best_of is not None and asked.best_of.picks[0].config_id == config_id(2)
    assert asked.notes[0].startswith(f"searched now picks {config_id(5)}; this study goes on with")
    more = begin(later, tmp_path / "best", seeds=(4, 5, 6))
    assert more.study["seeds"] == [4, 5, 6]
    assert [entry["config_id"] for entry in more.study["configurations"]] == [config_id(2)]
    fresh = later.asked_by(request(tmp_path / "best", fresh=True, seeds=(1,)), count=None)
    assert fresh.space.param_space == {"depth": 5, "heads": 2}


def test_other_studies_are_not_mixed_with_it(searched: Path, tmp_path: Path) -> None:
    repeat = repeat_of(searched)
    with pytest.raises(UserError, match="study searched is a study of its own; name another one"):
        repeat.asked_by(request(searched), count=None)
    begin(repeat, tmp_path / "best")
    with pytest.raises(UserError, match="--count 2: study best has begun with 1; name another"):
        repeat_of(searched, count=2).asked_by(request(tmp_path / "best"), count=2)
    for count in (1, None):
        assert repeat.asked_by(request(tmp_path / "best"), count=count).notes == ()
    other = replace(repeat, best_of=replace(repeat.best_of, study="other"))
    with pytest.raises(UserError, match="--best-of other: study best repeats searched; name"):
        other.asked_by(request(tmp_path / "best"), count=None)
    with pytest.raises(UserError, match="repeats what searched picked; continue it with --best-of"):
        check_request(request(tmp_path / "best", search=SearchOptions("random", 3)))


def test_what_cannot_be_repeated_is_refused(searched: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--best-of .*nothing: no study there"):
        repeat_of(tmp_path / "nothing")
    own_study(tmp_path / "new", [{"depth": 1}], metric="score", mode="max")
    with pytest.raises(UserError, match="--best-of new: no row of it has score, so nothing can"):
        repeat_of(tmp_path / "new", own=replace(SPACE, name="new"))
    with pytest.raises(UserError, match="made with code of your own; name its file too"):
        repeat_of(searched, own=None)
    with pytest.raises(UserError, match=r"other \(fit\) is not the space of searched, which is"):
        repeat_of(searched, own=replace(SPACE, name="other"))


def test_other_code_is_accepted_only_if_the_user_says_so(searched: Path) -> None:
    code = {"my_space.py": "0" * 64}
    with pytest.raises(UserError, match=r"made with other code \(my_space.py is new\)"):
        find_repeat(LocalStore(searched), 1, SPACE, code, accept_code_change=False)
    assert find_repeat(LocalStore(searched), 1, SPACE, code, accept_code_change=True)


def test_a_repeat_of_a_repeat_knows_the_seeds_of_both(searched: Path, tmp_path: Path) -> None:
    ledger = begin(repeat_of(searched), tmp_path / "best", seeds=(1, 2))
    report(ledger, {"depth": 2, "heads": 2}, [{"score": 92.0}], seed=1)
    again = repeat_of(tmp_path / "best")
    assert again.best_of.seeds == (0, 1, 2) and again.best_of.picks[0].num_tried == 1


def test_other_images_are_refused(searched: Path, tmp_path: Path) -> None:
    repeat = repeat_of(searched)
    of_images = replace(repeat.best_of, data={"mnist": "0" * 16})
    config = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd"}
    space = SearchSpace(
        name="shipped", trainable="resnet", param_space={**config, "lr": 0.1, "epochs": 1}
    )
    asked = replace(repeat, best_of=of_images, space=space).asked_by(
        request(tmp_path / "best", source="sample", num_images=200, seeds=(1,)), count=None
    )
    with pytest.raises(UserError, match="its results on mnist are of other images than those"):
        prepare(check_request(asked), Cluster(({"CPU": 2.0},)))


def test_the_same_images_and_those_of_no_claim_are_accepted(searched: Path, tmp_path: Path) -> None:
    data = study_json({})["data"]
    claimed = items_of(data)
    assert set(claimed) == {"mnist", "fashion_mnist"}
    best_of = replace(repeat_of(searched).best_of, data=claimed)
    asked = request(tmp_path / "best", source="sample")
    check_same_data(replace(asked, best_of=best_of), data)
    check_same_data(replace(asked, best_of=replace(best_of, data={"other": "0"})), data)


def test_a_parameter_of_any_name_stays_in_the_picks() -> None:
    picks = [{"pick": 5, "pick_": 6, "lr": lr} for lr in (1, True)]
    space = SearchSpace(
        name="mine", trainable=fit, metric="score", param_space=param_space_of(picks)
    )
    assert [c.config for c in space.expand()] == picks
