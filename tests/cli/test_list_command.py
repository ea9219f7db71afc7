"""``tune-app list`` tells of every study in a folder how far it is and what its best result is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.status_studies import make_study, record
from tests.own_studies import own_study, report
from tune_app.cli.list_command import list_studies
from tune_app.cli.main import main
from tune_app.storage.local_store import LocalStore
from tune_app.study.search_log import append_event, ask_event
from tune_app.study.search_settings import SearchSettings
from tune_app.study.stop import Stop


def test_states_and_best_results(tmp_path: Path) -> None:
    ledger = make_study(tmp_path / "a", lrs=(0.1,))
    record(ledger, 0, 1, 2, 3, 4, val_accuracy=0.9)
    half = make_study(tmp_path / "b")
    record(half, 0, 1, 2)
    for name in ("a", "b"):
        (tmp_path / name / "grid").rename(tmp_path / f"study_{name}")
    finished, incomplete = sorted(list_studies(tmp_path))
    assert finished[:4] == ("study_a", "finished", 2, 2)
    assert (finished.measure, finished.best, finished.score) == ("val_accuracy", "90.00 %", 0.9)
    assert incomplete[:4] == ("study_b", "incomplete", 1, 4)


@pytest.mark.parametrize(("mode", "best"), [("min", 0.3), ("max", 0.7)])
def test_the_best_result_is_that_of_any_data_set(tmp_path: Path, mode: str, best: float) -> None:
    results = {"a": 0.7, "b": 0.3, "c": 0.5}
    configs = [{"dataset": name} for name in results]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode=mode)
    for config, score in zip(configs, results.values(), strict=True):
        report(ledger, config, [{"score": score}])
    (found,) = list_studies(tmp_path)
    assert found.score == best


def test_a_study_with_a_row_that_failed(tmp_path: Path) -> None:
    record(make_study(tmp_path, lrs=(0.1,)), 0, 1, error="ValueError: no\n")
    (found,) = list_studies(tmp_path)
    assert found[:4] == ("grid", "failed", 0, 2)


def test_a_study_that_is_run_and_one_that_is_damaged(tmp_path: Path) -> None:
    make_study(tmp_path, lrs=(0.1,))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "study.json").write_text("{")
    (tmp_path / "no_study").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "study.json").write_text("{")
    with LocalStore(tmp_path / "grid").lock():
        broken, running = sorted(list_studies(tmp_path))
    assert (running.name, running.state, running.best) == ("grid", "running", "")
    assert (broken.name, broken.state) == ("broken", "unreadable")
    assert "study.json" in broken.problem


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}: no studies; ")
    record(make_study(tmp_path, lrs=(0.1,)), 0, 1, 2, 3, 4, val_accuracy=0.95)
    assert main(["list", str(tmp_path)]) == 0
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split() == ["study", "state", "rows", "best", "last", "result"]
    assert line.split()[:6] == ["grid", "finished", "2/2", "95.00", "%", "val_accuracy"]
    assert main(["list", str(tmp_path), "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["name"], entry["num_ended"], entry["score"]) == ("grid", 2, 0.95)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study(tmp_path, lrs=(0.1,)).root
    for place, part in (
        (str(study), "this is a study; name the folder that holds it"),
        (str(tmp_path / "none"), "no such folder"),
        ("s3://lab/studies", "studies at a URL cannot be listed"),
    ):
        assert main(["list", place]) == 2
        printed = capsys.readouterr().err
        assert part in printed and printed.count("\n") == 1


@pytest.mark.parametrize(("num_trials", "state"), [(1, "finished"), (2, "incomplete")])
def test_a_search_is_finished_once_it_has_no_more_to_try(
    tmp_path: Path, num_trials: int, state: str
) -> None:
    ledger = make_study(tmp_path, lrs=(0.1,))
    del ledger.study["configurations"][1:]
    ledger.study["search"] = SearchSettings("tpe", num_trials, stopping="asha").as_json()
    ledger.save()
    (configuration,) = ledger.configurations()
    asked = ask_event(0, configuration.config_id, configuration.config, "tpe")
    append_event(ledger.store, asked)
    (record(ledger, 0, 1) / "stopped.json").write_text(Stop("stopped", 1, "asha").as_json())
    (found,) = list_studies(tmp_path)
    assert found[:4] == ("grid", state, 1, 1)
