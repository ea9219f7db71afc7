"""Trials that a search or a time limit ended early, as the study has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ledgers import epoch, make_ledger, record
from tune_app.study.ledger import Ledger
from tune_app.study.stop import STOPPED_FILE, Stop, parse_stop
from tune_app.study.trials import ENDED, FINISHED


def test_what_is_written_is_read() -> None:
    for stop in (Stop("stopped", 1, "asha"), Stop("timed_out", 3, seconds=1200.0)):
        assert parse_stop(stop.as_json()) == stop


@pytest.mark.parametrize(
    ("stop", "last", "reason"),
    [
        (Stop("stopped", 1, "asha"), 9, "stopped by asha at epoch 1 of 9"),
        (Stop("stopped", 3, "median"), None, "stopped by median at epoch 3"),
        (Stop("timed_out", 2, seconds=90.0), 0, "ended at epoch 2 by the time limit of 90 s"),
    ],
)
def test_the_reason_is_one_line(stop: Stop, last: int | None, reason: str) -> None:
    assert stop.reason(last).startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"epoch": true}',
        '{"epoch": -1}',
        '{"epoch": 1.5}',
        '{"epoch": 1, "status": "finished"}',
        '{"epoch": 1, "status": []}',
        '{"epoch": 10000000000}',
    ],
)
def test_a_damaged_file_stops_nothing(text: str) -> None:
    assert parse_stop(text) is None


def test_what_is_odd_in_a_file_is_left_out() -> None:
    odd = {"epoch": 1, "by": "a\nb" + "c" * 99, "seconds": "long"}
    found = parse_stop(json.dumps(odd))
    assert found is not None and found.by.startswith("a b") and len(found.by) == 40
    assert (found.status, found.seconds) == ("stopped", 0.0)


def stopped(ledger: Ledger, launch: str, rows: list[dict[str, Any]], **plan: Any) -> Path:
    """Record a trial that is stopped at its last row; ``plan`` changes its plan."""
    directory = record(ledger, launch, rows)
    (directory / STOPPED_FILE).write_text(Stop("stopped", len(rows), "asha").as_json())
    params = json.loads((directory / "params.json").read_text())
    params["plan"] |= plan
    (directory / "params.json").write_text(json.dumps(params))
    return directory


def test_a_stopped_row_is_neither_finished_nor_failed(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    stopped(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    recorded = ledger.read_trials()
    first, second, *_ = recorded.outcomes(ledger.study).values()
    assert first.status == "finished", "its milestone came before"
    assert (second.status, second.reason) == ("stopped", "stopped by asha at epoch 2 of 3")
    assert second.report is None and second.status not in (*ENDED, *FINISHED)
    assert not recorded.failures(set()), "no error"


def test_a_later_directory_takes_the_trial_further(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    stopped(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    record(ledger, "002", [])
    outcome = list(ledger.read_trials().outcomes(ledger.study).values())[1]
    assert (outcome.status, outcome.reason) == ("unfinished", "2 of 3 epochs")
    (ledger.root / "tune/002/trial-k1/result.json").write_text(
        json.dumps(epoch(3, milestone=True)) + "\n"
    )
    outcome = list(ledger.read_trials().outcomes(ledger.study).values())[1]
    assert outcome.status == "finished"


def test_directories_of_one_launch_are_in_the_order_of_their_rungs(tmp_path: Path) -> None:
    """Named by their epochs, -e10 would come before -e9."""
    ledger = make_ledger(tmp_path / "mine")
    for after in (0, 9, 10):
        plan = {"after_epoch": after} if after else {}
        directory = stopped(ledger, "001", [epoch(1)], **plan)
        directory.rename(directory.with_name(f"{directory.name}-e{after}"))
    (trial,) = ledger.read_trials().trials.values()
    assert [directory.after_epoch for directory in trial.directories] == [0, 9, 10]
