"""How a launch ends that ran no trial: what it says, keeps and notifies."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tests.cli.webhook import webhook
from tests.engine.unplaced import EXIT_OPEN, finished_study, launch
from tests.full_disk import no_file_larger_than
from tune_app.study.stop import Stop


def test_a_finished_study_on_a_full_disk_is_finished(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = finished_study(tmp_path)
    (params,) = ledger.root.glob("tune/*/*/params.json")
    (params.parent / "weights").mkdir()
    (params.parent / "weights" / "x.epoch_1.pt").touch()
    capsys.readouterr()
    with no_file_larger_than(10):
        assert launch() == 0
    said = capsys.readouterr()
    assert "nothing is missing: all 2 rows are finished" in said.out and said.err == ""
    assert launch() == 0 and (ledger.root / "weights" / "x.json").exists()


def test_a_fresh_study_that_is_stopped_before_it_begins_is_continued_as_a_fresh_one(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    finished_study(tmp_path)

    def interrupt() -> None:
        raise KeyboardInterrupt

    meanwhile.append(interrupt)
    capsys.readouterr()
    assert launch("--fresh") == 130
    assert "--fresh" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("open", "2 open"),
        ("stopped", "stopped by SIGTERM"),
        ("failed", "the data are away"),
    ],
)
def test_the_end_of_a_launch_is_notified(
    meanwhile: list[Callable[[], object]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    words: str,
) -> None:
    monkeypatch.delenv("TUNE_APP_NOTIFY", raising=False)

    def refuse() -> None:
        raise UserError("the data are away")

    if event == "stopped":
        meanwhile.append(lambda: os.kill(os.getpid(), signal.SIGTERM))
    if event == "failed":
        meanwhile.append(refuse)
    with webhook() as server, webhook(500) as broken:
        status = launch("--notify", server.url(), "--notify", broken.url())
    assert status == {"open": EXIT_OPEN, "stopped": 143, "failed": 2}[event]
    (message,) = server.messages
    assert message["event"] == event and message["study"] == "mine"
    assert words in message["text"]
    assert "--space ./my_space.py" in message["next"]
    said = "".join(capsys.readouterr())
    assert said.count("note: no notification sent to") == 1
    kept = [p.read_text() for p in Path("results").rglob("*") if p.is_file()]
    assert bool(kept) == (event == "open")
    for text in (said, message["text"], message["next"], *kept):
        assert "secret-token" not in text and "--notify" not in text


def test_a_plan_notifies_nobody(
    meanwhile: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server:
        monkeypatch.setenv("TUNE_APP_NOTIFY", server.url())
        assert launch("--plan") == 0
    assert server.got == []


def test_rows_that_timed_out_are_left_although_nothing_is_run(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = finished_study(tmp_path)
    (ledger.root / "launches" / "001.json").write_text("{}")
    (folder,) = ledger.root.glob("tune/*/*")
    (folder / "result.json").write_text("")
    (folder / "stopped.json").write_text(Stop("timed_out", 0, seconds=60.0).as_json())
    capsys.readouterr()
    assert launch("--trial-time-limit", "1m") == EXIT_OPEN, "as the launch in which they did"
    assert "2 rows took longer than --trial-time-limit allows" in capsys.readouterr().out
    assert launch("--trial-time-limit", "1m", "--where", "x=2") == EXIT_OPEN
    assert "1 row took longer than --trial-time-limit" in capsys.readouterr().out


def test_a_target_that_an_earlier_launch_has_reached_runs_nothing(
    tmp_path: Path, meanwhile: list[Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = finished_study(tmp_path)
    (folder,) = ledger.root.glob("tune/*/*")
    params = json.loads((folder / "params.json").read_text())
    params["plan"]["serves"]["1"].pop()
    (folder / "params.json").write_text(json.dumps(params))
    value = json.loads((folder / "result.json").read_text())["val_accuracy"]
    capsys.readouterr()
    assert launch("--target", f"val_accuracy={value}") == 0
    said = capsys.readouterr().out
    assert f"the target val_accuracy {value:g} (with {value:g}) is reached" in said
    assert "1 of 2 rows are finished" in said and not (ledger.root / "launches/002.json").exists()
    assert launch("--target", f"val_accuracy={value + 1e-6}") == EXIT_OPEN
    assert launch("--target", f"val_accuracy={value}", "--where", "x=2") == EXIT_OPEN
