"""A launch up to its trials, with a stand-in for Ray: what it reads, keeps and says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.unplaced import EXIT_OPEN, SPACE, finished_study, launch
from tests.studies import line, write_trial
from tune_app.engine import launch as engine_launch
from tune_app.storage.local_store import LocalStore
from tune_app.storage.store import StudyStore
from tune_app.study import trial_directory
from tune_app.study.ledger import Ledger, open_ledger, put_aside


@pytest.mark.parametrize("at_url", [False, True])
def test_a_study_is_held_from_before_it_is_read(
    tmp_path: Path, meanwhile: list[Callable[[], object]], at_url: bool
) -> None:
    place = ("--storage-path", (tmp_path / "there").as_uri() if at_url else str(tmp_path / "there"))
    seconds: list[int] = []
    meanwhile.append(lambda: seconds.append(launch(*place, "--seeds", "1")))
    assert launch(*place) == EXIT_OPEN and seconds == [2]
    assert launch(*place, "--seeds", "1") == EXIT_OPEN
    study = json.loads((tmp_path / "there" / "mine" / "study.json").read_text())
    assert study["seeds"] == [0, 1]
    launches = (tmp_path / "there" / "mine" / "launches").iterdir()
    assert sorted(path.name for path in launches) == ["001.json", "002.json"]


def test_a_launch_reads_what_was_recorded_once(
    tmp_path: Path, meanwhile: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert launch() == EXIT_OPEN
    ledger = open_ledger(LocalStore(tmp_path / "results" / "mine"))
    assert ledger is not None
    ids = [configuration.config_id for configuration in ledger.configurations()]
    write_trial(ledger.root, "k", {"x": 1}, {1: ids[:1]}, [line(1, milestone=True)])
    read: list[str] = []
    real = trial_directory.read_directory

    def counted(path: Path, launch: str) -> trial_directory.TrialDirectory | None:
        read.append(path.name)
        return real(path, launch)

    monkeypatch.setattr(trial_directory, "read_directory", counted)
    assert launch() == EXIT_OPEN
    assert read == ["trial_k"]


def test_rows_that_a_condition_leaves_out_are_open_and_those_that_failed_stay_failed(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("--where", "x=1", "--order", "shortest") == EXIT_OPEN
    path = tmp_path / "results" / "mine" / "launches"
    record = json.loads((path / "001.json").read_text())
    assert record["order"] == {"name": "shortest", "seed": 0}
    assert [row["reason"] for row in record["open"]] == [
        "needs 64 CPU, the largest node has 2",
        "left out by --where x=1",
    ]
    assert "1 row not to run, left out by --where x=1" in capsys.readouterr().out
    ledger = open_ledger(LocalStore(tmp_path / "results" / "mine"))
    assert ledger is not None
    ids = [configuration.config_id for configuration in ledger.configurations()]
    (path / "001.json").write_text(json.dumps({**record, "open": []}))  # as if it had run both
    write_trial(ledger.root, "k", {"x": 2}, {1: ids[1:]}, [], error="ValueError: no")
    assert launch("--where", "x=1") == EXIT_OPEN
    record = json.loads((path / "002.json").read_text())
    assert [row["config_id"] for row in record["open"]] == ids[:1]


def test_a_study_that_is_gone_at_the_end_of_a_launch_is_not_written_again(
    tmp_path: Path,
    meanwhile: list[Callable[[], object]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def gone(ledger: Ledger, entry: Mapping[str, Any]) -> str:
        name = start_launch(ledger, entry)
        (ledger.root / "study.json").unlink()
        return name

    start_launch = Ledger.start_launch
    monkeypatch.setattr(Ledger, "start_launch", gone)
    assert launch() == 2
    assert "the study was deleted or moved while it ran" in capsys.readouterr().err


def test_another_space_is_refused_with_the_command_that_made_the_study(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("--set", "x=5,6") == EXIT_OPEN
    assert launch() == 2
    said = capsys.readouterr().err
    assert "no configuration in common; it was made with `" in said
    assert "--space ./my_space.py --set x=5,6`); use --study NAME for another" in said
    assert launch("--set", "x=5") == EXIT_OPEN, "rows in common: the study goes on"
    study = json.loads((tmp_path / "results" / "mine" / "study.json").read_text())
    assert [entry["config"]["x"] for entry in study["configurations"]] == [5, 6]


def test_a_budget_needs_data_to_choose_from(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("--budget", "10m") == 2
    assert capsys.readouterr().err.startswith("error: --budget: mine uses no images, so there is ")


def test_images_of_a_study_without_images_are_a_note(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("--images", "100") == EXIT_OPEN
    assert "note: mine uses no images, so --images 100 does nothing\n" in capsys.readouterr().out


def test_a_refused_command_leaves_nothing_behind(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("--vary-split") == 2
    assert "uses no images, so there is nothing to split" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["my_space.py"]
    (tmp_path / "results" / "mine").mkdir(parents=True)
    assert launch("--vary-split") == 2
    assert list((tmp_path / "results" / "mine").iterdir()) == []


def test_a_resumed_study_keeps_its_identity_and_a_fresh_one_has_its_own(
    tmp_path: Path, meanwhile: list[Callable[[], object]]
) -> None:
    def created_at() -> str:
        return str(json.loads(path.read_text())["created_at"])

    assert launch() == EXIT_OPEN
    path = tmp_path / "results" / "mine" / "study.json"
    path.write_text(path.read_text().replace(created_at(), "2026-01-01T12:00:00+00:00"))
    assert launch("--seeds", "0-1") == EXIT_OPEN
    assert created_at() == "2026-01-01T12:00:00+00:00"
    assert launch("--fresh") == EXIT_OPEN
    assert created_at() != "2026-01-01T12:00:00+00:00"


@pytest.mark.parametrize("at_url", [False, True])
def test_no_second_driver_gets_in_while_the_old_study_is_put_aside(
    tmp_path: Path,
    meanwhile: list[Callable[[], object]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    at_url: bool,
) -> None:
    place = ("--storage-path", (tmp_path / "there").as_uri() if at_url else str(tmp_path / "there"))
    assert launch(*place) == EXIT_OPEN
    seconds = []

    def put_aside_and_be_late(store: StudyStore) -> Path:
        kept = put_aside(store)
        seconds.extend([launch(*place), launch(*place, "--fresh")])
        return kept

    monkeypatch.setattr(engine_launch, "put_aside", put_aside_and_be_late)
    capsys.readouterr()
    assert launch(*place, "--fresh") == EXIT_OPEN
    said = capsys.readouterr()
    assert seconds == [2, 2] and said.err.count("study mine is being run by process") == 2
    assert said.err.count("; --study NAME begins another one\n") == 2
    assert f"the old study is kept in {place[1] if at_url else 'there'}/mine.20" in said.out
    [kept] = (tmp_path / "there").glob("mine.*")
    for folder in (kept, tmp_path / "there" / "mine"):
        assert (folder / "study.json").exists()
        assert [path.name for path in (folder / "launches").iterdir()] == ["001.json"]


def test_a_fresh_study_where_there_is_none_puts_nothing_aside(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results" / "mine").mkdir(parents=True)
    assert launch("--fresh") == EXIT_OPEN
    assert "kept in" not in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["mine"]


def test_an_old_study_that_cannot_be_put_aside_is_one_line(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch() == EXIT_OPEN
    before = (tmp_path / "results" / "mine" / "study.json").read_bytes()

    def take_every_name() -> None:
        now = datetime.now(UTC)
        for second in range(600):
            name = f"mine.{now + timedelta(seconds=second):%Y%m%d-%H%M%S}"
            (tmp_path / "results" / name / "taken").mkdir(parents=True)

    meanwhile.append(take_every_name)
    capsys.readouterr()
    assert launch("--fresh") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "results/mine: cannot be written (" in error
    assert error.count("\n") == 1
    assert (tmp_path / "results" / "mine" / "study.json").read_bytes() == before


def test_another_objective_of_a_finished_study_is_said_and_kept(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = finished_study(tmp_path)
    space = tmp_path / "my_space.py"
    space.write_text(SPACE.replace('question="?"', 'question="?", metric="val_loss", mode="min"'))
    capsys.readouterr()
    assert launch() == 0
    said = capsys.readouterr().out
    assert "objective of the study was val_accuracy (max) and is now val_loss (min)" in said
    saved = json.loads((ledger.root / "study.json").read_text())["space"]
    assert (saved["metric"], saved["mode"]) == ("val_loss", "min")
    assert launch() == 0 and "objective" not in capsys.readouterr().out


def test_a_plan_says_which_trials_do_not_count(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = finished_study(tmp_path)
    (params,) = ledger.root.glob("tune/*/*/params.json")
    content = json.loads(params.read_text())
    content["plan"]["data"] = "of another study"
    params.write_text(json.dumps(content))
    capsys.readouterr()
    assert launch("--plan") == 0
    assert "were trained on other data" in capsys.readouterr().out
