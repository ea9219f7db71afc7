"""The best configurations: one rule for ``status``, ``best`` and ``--best-of``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from analysis.frames.summary import best_data
from search_spaces.configuration import make_configuration
from tests.own_studies import own_study, report
from tests.studies import shared_study, troubled_study
from tune_app import load_study
from tune_app.planning.overview import best_configurations, read_overview
from tune_app.storage.local_store import LocalStore
from tune_app.study.best_of import Pick
from tune_app.study.ledger import open_ledger
from tune_app.study.recorded import read_recorded
from tune_app.study.selection import (
    candidates,
    group_names,
    mean_of,
    pick_configurations,
    rank,
    results_of,
)
from tune_app.study.study_file import read_study


def picks_of(path: Path) -> list[Pick]:
    """Return the best configurations of a study."""
    study = read_study(LocalStore(path))
    assert study is not None
    return list(pick_configurations(study, read_recorded(path, study).outcomes(study), 9))


def test_results_at_more_seeds_come_first_and_a_diverged_seed_excludes(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in (1, 2, 3, 4)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="score", mode="max")
    scores = {1: (0.9, None), 2: (0.99, "diverged"), 3: (0.5, 0.7), 4: (0.9, "failed")}
    for config in configs:
        for seed, score in enumerate(scores[config["depth"]]):
            if score == "diverged":
                report(ledger, config, [{"score": 1.0, "status": "diverged"}], seed=seed)
            elif score == "failed":
                report(ledger, config, [], seed=seed, ended=False, error="ValueError: no\n")
            elif score is not None:
                report(ledger, config, [{"score": score}], seed=seed)
    outcomes = ledger.read_trials().outcomes(ledger.study)
    found = {c.config["depth"]: c.score for c in candidates(ledger.study, results_of(outcomes))}
    assert found == {1: 0.9, 3: 0.6, 4: 0.9}

    picks = pick_configurations(ledger.study, outcomes, 2)
    third, first = (make_configuration({"depth": depth}).config_id for depth in (3, 1))
    assert [pick.config_id for pick in picks] == [third, first]
    assert {(pick.num_tried, pick.num_finished) for pick in picks} == {(4, 3)}
    (best,) = best_configurations(ledger, read_overview(ledger, since=None))
    assert (best["config_id"], best["num_seeds"], best["score"]) == (third, 2, 0.6)


@pytest.mark.parametrize(
    ("space", "names"),
    [
        ({"trainable": "resnet"}, ["dataset", "model"]),
        ({"trainable": "svm"}, ["dataset", "kernel"]),
        ({"trainable": "svm", "is_own": True}, ["dataset"]),
    ],
)
def test_each_data_set_and_method_of_the_package_has_a_best(
    space: dict[str, Any], names: list[str]
) -> None:
    assert group_names(space, ["lr", "model", "kernel", "dataset"]) == names
    assert group_names(space, ["lr"]) == []


def test_what_could_not_be_run_was_not_tried(tmp_path: Path) -> None:
    picks = picks_of(troubled_study(tmp_path))
    assert [pick.config_id for pick in picks] == ["good", "lucky"]
    # Of seven, one needs a GPU and one has not begun; one diverged, one failed, one is unfinished.
    assert {(pick.num_tried, pick.num_finished) for pick in picks} == {(5, 2)}


def test_of_equal_scores_the_one_of_fewer_epochs_is_picked(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in (1, 2, 3)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config, num_epochs in zip(configs, (3, 1, 2), strict=True):
        report(ledger, config, [{"score": 0.5}] * num_epochs)
    ids = [make_configuration(config).config_id for config in configs]
    assert [pick.config_id for pick in picks_of(ledger.root)] == [ids[1], ids[2], ids[0]]


def test_of_several_that_are_one_training_the_first_is_picked(tmp_path: Path) -> None:
    picks = picks_of(shared_study(tmp_path / "grid"))
    assert [(pick.config_id, pick.num_finished) for pick in picks] == [("a5", 2), ("a2", 2)]


def test_the_order_of_equal_scores() -> None:
    known, unknown = rank(0.5, "max", 9, place=1), rank(0.5, "max", math.nan, place=0)
    assert known < unknown, "epochs that are unknown are not few"
    assert rank(0.5, "min", 2, place=1) < rank(0.5, "min", 9, place=0)
    assert rank(0.5, "max", 2, place=0) < rank(0.5, "max", 2, place=1)
    assert rank(0.1 + 0.2, "max", 1, place=1) > rank(0.3, "max", 1, place=0)


def test_a_mean_needs_every_number() -> None:
    assert mean_of([{"score": 1}, {"score": 2.0}], "score") == 1.5
    for bad in ({}, {"score": None}, {"score": math.nan}, {"score": "1"}, {"score": -1e200}):
        assert mean_of([{"score": 1.0}, bad], "score") is None
    assert mean_of([], "score") is None


def test_one_result_that_no_seed_changes_counts_at_every_seed(tmp_path: Path) -> None:
    """It is compared with those at the most seeds, by its score, as in the report."""
    configs = [{"depth": depth} for depth in (1, 2, 3)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1, 2), metric="score", mode="max")
    for config, scores in zip(configs, ([0.9, 0.9, 0.9], [0.95, 0.95], [0.99]), strict=True):
        for seed, score in enumerate(scores):
            report(ledger, config, [{"score": score}], seed=seed)
    file = ledger.root / "study.json"
    ids = [make_configuration(config).config_id for config in configs]
    file.write_text(json.dumps({**json.loads(file.read_text()), "same_at_every_seed": ids[:1]}))

    assert [pick.config_id for pick in picks_of(ledger.root)] == [ids[1], ids[0], ids[2]]
    study = load_study(ledger.root)
    [best] = study.best().to_dict("records")
    assert (best["config_id"], best["num_seeds"]) == (ids[1], 2)
    assert best_data(study.frames)["config_id"].tolist() == [ids[1]]
    again = open_ledger(ledger.store)
    assert again is not None
    (shown,) = best_configurations(again, read_overview(again, since=None))
    assert (shown["config_id"], shown["num_seeds"]) == (ids[1], 2)
    same, *_ = candidates(again.study, results_of(again.read_trials().outcomes(again.study)))
    assert (same.config_id, len(same.records)) == (ids[0], 1), "the same at three seeds is one"
