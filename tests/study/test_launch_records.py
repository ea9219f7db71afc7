"""The record that each launch writes of itself: numbered, in order, and never rewritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledgers import epoch, make_ledger, record
from tune_app.study.ledger import open_ledger


def test_launches_are_numbered(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    assert [ledger.start_launch({}), ledger.start_launch({"open": []})] == ["001", "002"]
    again = open_ledger(ledger.store)
    assert again is not None and [e["name"] for e in again.study["launches"]] == ["001", "002"]


def test_launch_1000_is_newer_than_launch_999(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    (ledger.root / "launches").mkdir()
    for name in ("1000", "999", "998"):
        (ledger.root / "launches" / f"{name}.json").write_text("{}")
    for name in ("998", "999", "1000", "copy"):
        record(ledger, name, [epoch(1)], key="same" if name != "copy" else "other")
    again = open_ledger(ledger.store)
    assert again is not None
    assert [entry["name"] for entry in again.study["launches"]] == ["998", "999", "1000"]
    recorded = again.read_trials()
    assert [d.launch for d in recorded.directories] == ["998", "999", "1000", "copy"]
    assert recorded.trials["same"].newest.launch == "1000"
    outcomes = recorded.outcomes(again.study)
    assert {o.trial.newest.launch for o in outcomes.values() if o.trial} == {"copy"}


def test_what_a_launch_says_of_itself_is_never_rewritten(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.start_launch({"packages": {"torch": "2.14.1"}})
    first = (ledger.root / "launches" / "001.json").read_bytes()
    ledger.start_launch({"packages": {"torch": "2.15.0"}})
    assert (ledger.root / "launches" / "001.json").read_bytes() == first
    again = open_ledger(ledger.store)
    assert again is not None
    assert [e["packages"]["torch"] for e in again.study["launches"]] == ["2.14.1", "2.15.0"]


def test_a_damaged_record_of_a_launch_costs_that_record_alone(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.start_launch({"host": "a"})
    ledger.start_launch({"host": "b"})
    (ledger.root / "launches" / "001.json").write_text("{")
    again = open_ledger(ledger.store)
    assert again is not None
    assert [e.get("host") for e in again.study["launches"]] == [None, "b"]
    assert again.start_launch({}) == "003"


@pytest.mark.parametrize("lost", ["tune/003", "launches/003.json"])
def test_the_number_of_a_launch_whose_record_was_lost_is_not_used_again(
    tmp_path: Path, lost: str
) -> None:
    ledger = make_ledger(tmp_path / "mine")
    assert ledger.start_launch({}) == "001"
    (ledger.root / "tune" / "002").mkdir(parents=True)
    place = ledger.root / lost
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(ledger.root / "away")
    assert ledger.start_launch({}) == "004"
