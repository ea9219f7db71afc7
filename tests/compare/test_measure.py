from __future__ import annotations

from pathlib import Path

import pytest

from analysis.compare.measure import choose
from analysis.compare.result import compare_studies
from analysis.frames.load import Study, load_study
from search_spaces.errors import UserError
from tests.compared import fitted, trained
from tests.own_studies import score_study


def rmse(path: Path, **space: object) -> Study:
    return load_study(fitted(path, seeds=(0,), **space))


def test_the_objective_decides(tmp_path: Path) -> None:
    found = choose([rmse(tmp_path / "a"), rmse(tmp_path / "b")])
    assert (found.name, found.better, found.scale.unit, found.why) == ("val_rmse", "min", "mm", "")
    accuracy = load_study(trained(tmp_path / "c", {"x": {}}))
    found = choose([accuracy, accuracy])
    assert (found.scale.words, found.direction) == ("validation accuracy", "higher is better")


def test_of_two_objectives_the_first_that_both_report(tmp_path: Path) -> None:
    a = rmse(tmp_path / "a", metric="test_rmse")
    b = rmse(tmp_path / "b")
    assert choose([a, b]).name == "test_rmse" and choose([b, a]).name == "val_rmse"
    c = rmse(tmp_path / "c", metric="loss")
    assert choose([c, b]).name == "val_rmse"
    assert "different objectives (loss, validation rmse (mm))" in choose([c, b]).why


def test_a_study_without_results_has_its_objective(tmp_path: Path) -> None:
    empty = load_study(fitted(tmp_path / "a", lambda config, seed: None, seeds=(0,)))
    assert choose([rmse(tmp_path / "b"), empty]).name == "val_rmse"


def test_a_wanted_measure(tmp_path: Path) -> None:
    studies = [rmse(tmp_path / "a"), rmse(tmp_path / "b")]
    assert choose(studies, "test_rmse").better == "min", "as the measure of the same quantity"
    with pytest.raises(UserError, match=r"--measure test_rms: .* did you mean 'test_rmse'"):
        choose(studies, "test_rms")


def test_nothing_in_common_is_one_line(tmp_path: Path) -> None:
    score_study(tmp_path / "b")
    with pytest.raises(UserError, match=r"no measure in common.*test_rmse; b reports score"):
        choose([rmse(tmp_path / "a"), load_study(tmp_path / "b")])


def test_studies_that_disagree_on_what_is_better_name_no_winner(tmp_path: Path) -> None:
    high = {"mode": "max", "measures": {"val_rmse": {"unit": "mm", "better": "max"}}}
    places = [fitted(tmp_path / "a"), fitted(tmp_path / "b", lambda c, s: 30.0 + s * s, **high)]
    found = choose([load_study(place) for place in places])
    assert found.better is None and found.direction == ""
    assert found.why == (
        "The studies disagree on whether high or low values of validation rmse are better."
    )
    [comparison] = compare_studies(places)
    assert comparison.verdict.word == "higher" and comparison.verdict.num_better == 0
