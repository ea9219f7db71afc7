"""What a notification says about the end of a launch."""

from __future__ import annotations

from pathlib import Path
from socket import gethostname

import pytest

from tests.cli.status_studies import make_study, record
from tune_app.cli.notice import Notice, event_of, notice_of
from tune_app.engine.display import Ending
from tune_app.planning.overview import read_overview
from tune_app.storage.local_store import LocalStore
from tune_app.study.stop import STOPPED_FILE, TIMED_OUT, Stop

AGAIN = "tune-app run --space grid"


@pytest.mark.parametrize(
    ("status", "reason", "event"),
    [
        *((0, "", "finished"), (0, "--target is reached", "finished")),
        *((1, "", "failed"), (1, "no space left", "failed"), (3, "", "open")),
        *((3, "--time-limit 2h is reached", "stopped"), (130, "x", "stopped")),
        (143, "x", "stopped"),
    ],
)
def test_the_event(status: int, reason: str, event: str) -> None:
    assert event_of(Ending(status, 1.0, AGAIN, reason)) == event


def test_rows_the_best_failures_and_the_next_command(tmp_path: Path) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2, 3, 4, val_accuracy=0.95)
    record(ledger, 1, 1, 2, error="Traceback\n  ...\nValueError: no such token")
    ending = Ending(1, 3750.04, AGAIN)
    notice = notice_of(ledger.store, ending)
    assert notice.title == f"grid: failed on {gethostname()}"
    lines = notice.text.splitlines()
    assert lines[0] == f"{notice.title} after 1 h 02 min"
    assert lines[1] == "rows: 4: 3 finished, 1 failed"
    assert lines[2].startswith("best so far, selected by val_accuracy")
    assert "mnist resnet18: val_accuracy 95.00 %" in lines[3] and "lr 0.1, epochs 4" in lines[3]
    assert lines[4].endswith("ValueError: no such token") and lines[4].startswith("failed: ")
    assert lines[5:] == [f"next: {AGAIN}"]
    got = notice.payload()
    assert (got["event"], got["seconds"], got["host"]) == ("failed", 3750.0, gethostname())
    assert (got["rows"]["finished"], got["rows"]["failed"], got["num_rows"]) == (3, 1, 4)
    (best,) = got["best"]
    assert (best["metric"], best["score"], best["config"]["lr"]) == ("val_accuracy", 0.95, 0.1)
    assert got["next"] == AGAIN and got["text"] == got["content"] == notice.text


def test_rows_that_took_too_long_are_named_with_what_runs_them(tmp_path: Path) -> None:
    """The command that is named next does not try them again."""
    ledger = make_study(tmp_path)
    folder = record(ledger, 0, 1)
    (folder / STOPPED_FILE).write_text(Stop(TIMED_OUT, 1, seconds=60.0).as_json())
    lines = notice_of(ledger.store, Ending(3, 1.0, AGAIN)).text.splitlines()
    number = sum(row == TIMED_OUT for row in read_overview(ledger, since=None).rows.values())
    told = "took longer than --trial-time-limit allows; a longer one continues them"
    assert number == 2 and lines[2] == f"2 rows {told}"


def test_what_is_finished_is_reported_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notice = notice_of(make_study(tmp_path).store, Ending(0, 1.0, AGAIN))
    assert notice.text.splitlines()[-1].endswith("report grid")
    assert notice.record["next"].endswith("report grid")


def test_a_study_that_was_refused_is_named_with_the_reason(tmp_path: Path) -> None:
    notice = notice_of(LocalStore(tmp_path / "new"), Ending(1, 1.0, AGAIN, "its disk is full"))
    assert notice.text.splitlines()[1:] == ["its disk is full", f"next: {AGAIN}"]
    assert notice.record["reason"] == "its disk is full" and "rows" not in notice.record


def test_a_damaged_study_is_named_all_the_same(tmp_path: Path) -> None:
    ledger = make_study(tmp_path)
    (ledger.root / "study.json").write_text("{")
    assert notice_of(ledger.store, Ending(1, 1.0, AGAIN)).record["event"] == "failed"


def test_a_chat_takes_the_text(tmp_path: Path) -> None:
    ending = Ending(1, 1.0, AGAIN + "x" * 5000, "y" * 5000)
    notice: Notice = notice_of(LocalStore(tmp_path / "new"), ending)
    assert len(notice.text) <= 2000 and notice.text.endswith("…")
