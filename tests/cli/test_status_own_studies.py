"""The state of a study of a user's own function: its objective, and time left by whole trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.status_studies import plain, told
from tests.own_studies import START, Json, mixed_study, own_study, report, rmse_study, score_study
from tune_app.planning.overview import read_overview
from tune_app.study.ledger import Ledger

ROW = {"score": 1.0}


def five_trials(path: Path, *, ended: int, rows_of_next: int = 0) -> Ledger:
    """Write a study of five trials; one ends after three rows in 30 s, the next one has begun."""
    configs = [{"depth": depth} for depth in range(5)]
    ledger = own_study(path, configs, metric="score", factors=["depth"])
    for config in configs[:ended]:
        report(ledger, config, [ROW] * 3)
    if rows_of_next:
        report(ledger, configs[ended], [ROW] * rows_of_next, ended=False)
    return ledger


def test_the_best_is_selected_by_the_objective_in_its_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    text = told(capsys, ledger.root)
    assert "best so far, selected by val_rmse (mm, lower is better):\n" in text
    best = "val_rmse 5 mm, test_rmse 6 mm, mean of 3 seeds (lr 0.1, width 8)"
    best += "; not compared: 1 configuration at fewer seeds"
    assert f"  32b632da76: {best}\n" in text
    assert text.startswith("rmse\n") and "%" not in text
    assert "rows: 12: 10 finished, 1 failed, 1 interrupted\n" in text
    [entry] = plain(capsys, ledger.root)["best"]
    assert (entry["mode"], entry["unit"], entry["test_score"]) == ("min", "mm", 6.0)
    assert (entry["num_items"], entry["num_test_items"]) == (None, None)


@pytest.mark.parametrize(("values", "unit"), [((0.8, 3.4, 12.0), ""), ((0.008, 0.034, 0.12), "%")])
def test_all_rows_tell_whether_a_percentage_is_a_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], values: tuple[float, ...], unit: str
) -> None:
    configs: list[Json] = [{"depth": depth} for depth in range(len(values))]
    measures = {"val_miss": {"unit": "%"}}
    space = {"metric": "val_miss", "mode": "min", "measures": measures}
    ledger = own_study(tmp_path / "miss", configs, **space)
    for config, value in zip(configs, values, strict=True):
        report(ledger, config, [{"val_miss": value, "test_miss": value}])
    [entry] = plain(capsys, ledger.root)["best"]
    assert (entry["score"], entry["unit"], entry["test_unit"]) == (values[0], unit, unit)


def test_failed_seeds_count_against_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One lucky seed of six is no better than a mean over all of them."""
    steady, lucky = {"lr": 0.1}, {"lr": 0.5}
    seeds = range(6)
    ledger = own_study(tmp_path / "luck", [steady, lucky], seeds=seeds, metric="score", mode="max")
    for seed in seeds:
        report(ledger, steady, [{"score": 0.95 + seed / 500}], seed=seed)
        ended = {} if seed == 0 else {"ended": False, "error": "ValueError: no\n"}
        report(ledger, lucky, [{"score": 0.96}], seed=seed, **ended)
    [best] = plain(capsys, ledger.root)["best"]
    assert (best["config"]["lr"], best["num_seeds"]) == (0.1, 6)
    assert best["score"] == pytest.approx(0.955)


def test_a_score_alone_has_no_value_on_test_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = score_study(tmp_path / "score")
    assert "selected by score (higher is better):\n  66e4141784: score 93 (depth 4)\n" in told(
        capsys, ledger.root
    )
    [entry] = plain(capsys, ledger.root)["best"]
    assert entry["test_metric"] is None and entry["test_score"] is None


def test_models_and_kernels_of_a_users_own_are_no_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = mixed_study(tmp_path / "mixed")
    assert len(plain(capsys, ledger.root)["best"]) == 1
    assert "loss 1 (kind a, limit None, model small)" in told(capsys, ledger.root)


def test_before_a_trial_has_ended_the_time_left_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = five_trials(tmp_path / "mine", ended=0, rows_of_next=2)
    text = told(capsys, ledger.root)
    assert "epochs: 2 recorded, 5 trials to go\n" in text
    assert "time left: not known: the newest launch has finished no trial yet\n" in text
    assert plain(capsys, ledger.root)["num_epochs_left"] is None


def test_trials_that_have_ended_tell_how_long_the_others_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trials of 30 s: two have ended, one has run for 10 s, all beside one another."""
    ledger = five_trials(tmp_path / "mine", ended=2, rows_of_next=1)
    state = plain(capsys, ledger.root)
    assert state["speed"]["num_trials"] == 2 and state["speed"]["trial_seconds"] == 30.0
    assert state["speed"]["cost"] == pytest.approx(2 + 1 / 3) and state["speed"]["seconds"] == 30.0
    assert state["num_trials_left"] == 3
    # The trial that has begun is begun again: three trials, at 2 1/3 trials in 30 s.
    assert state["seconds_left"] == pytest.approx(3 * 30 / (2 + 1 / 3))
    text = told(capsys, ledger.root)
    assert "epochs: 7 recorded, 3 trials to go\n" in text
    assert "about 39 s once it runs again, at the speed of launch 001 (2 trials in 30 s)" in text
    view = read_overview(ledger, since=START)
    assert list(view.rows.values()).count("running") == 1
    assert view.seconds_left == pytest.approx((2 + 2 / 3) * 30 / (2 + 1 / 3))


def test_a_study_that_is_finished_has_nothing_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = five_trials(tmp_path / "mine", ended=5)
    text = told(capsys, ledger.root)
    assert "epochs: 15 recorded, 0 to go\n" in text and "time left: none\n" in text


def test_an_objective_that_is_not_reported_is_named_with_what_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = own_study(tmp_path / "mine", [{"a": 1}], metric="loss", prefix_axis="a")
    report(ledger, {"a": 1}, [{"rmse_mm": 2.0, "n": 3, "milestone": 1}])
    assert "reported are n, rmse_mm" in told(capsys, ledger.root)
