"""What came out of a launch: every row is explained, and by what was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ledgers import epoch, make_ledger, record
from tune_app.engine.conclusion import EXIT_FAILED, EXIT_OPEN, Conclusion, Executed, conclude
from tune_app.planning.plan import OpenRow, Plan, PlannedTrial
from tune_app.study.ledger import Ledger
from tune_app.study.stop import Stop


def planned(ledger: Ledger) -> PlannedTrial:
    """Return the trial that ``record`` writes: rows that end at epochs 1 and 3."""
    ids = [configuration.config_id for configuration in ledger.configurations()]
    serves = {1: (ids[0],), 3: (ids[1],)}
    return PlannedTrial("k1", "trial-k1", {"seed": 0}, (1, 3), serves, {"CPU": 1.0})


def concluded(ledger: Ledger, done: Executed) -> Conclusion:
    others = [OpenRow(key, "no GPU in the cluster") for key in ledger.row_keys()[2:]]
    plan = Plan((planned(ledger),), {}, tuple(others), 4, 3)
    return conclude(ledger, plan, ledger.read_trials(), done)


def test_rows_that_could_not_run_stay_open(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True), epoch(2), epoch(3, milestone=True)])
    found = concluded(ledger, Executed())
    assert (len(found.ended), found.num_open, found.exit_status) == (2, 2, EXIT_OPEN)
    assert not found.failures and not found.unexplained and not found.interrupted


def test_trials_that_did_not_come_to_their_end_were_interrupted(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True)])
    found = concluded(ledger, Executed(all_ended=False))
    assert found.interrupted and not found.unexplained


def test_a_row_without_a_result_is_named_and_no_signal_is_blamed(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True)])
    found = concluded(ledger, Executed())
    assert not found.interrupted and found.exit_status == EXIT_FAILED
    assert list(found.unexplained) == [ledger.row_keys()[1]]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 0),
        ({"num_open": 1}, EXIT_OPEN),
        ({"limit": "the time is over"}, EXIT_OPEN),
        ({"limit": "the target is reached", "is_target": True}, 0),
        ({"halted": {("a", 0): "stopped"}}, 0),
        ({"halted": {("a", 0): "stopped", ("b", 0): "timed_out"}}, EXIT_OPEN),
        ({"failures": {"t": "ValueError: no"}, "num_open": 1}, EXIT_FAILED),
        ({"unexplained": [("a", 0)], "limit": "the time is over"}, EXIT_FAILED),
    ],
)
def test_the_exit_status_says_what_is_left(changes: dict[str, Any], status: int) -> None:
    nothing_left = Conclusion({}, {}, interrupted=False, unexplained=(), num_open=0)
    assert replace(nothing_left, **changes).exit_status == status


def test_a_search_that_was_to_ask_for_more_was_interrupted(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True), epoch(2), epoch(3, milestone=True)])
    others = tuple(OpenRow(key, "no GPU in the cluster") for key in ledger.row_keys()[2:])
    for is_searching in (False, True):
        plan = Plan((planned(ledger),), {}, others, 4, 3, is_searching=is_searching)
        for all_ended in (False, True):
            done = Executed(all_ended=all_ended)
            found = conclude(ledger, plan, ledger.read_trials(), done)
            assert found.interrupted == (is_searching and not all_ended)


def test_failures_explain_their_rows(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True)])
    (directory / "error.txt").write_text("Traceback\n\nValueError: no\n")
    found = concluded(ledger, Executed())
    assert found.failures == {"trial-k1": "ValueError: no"}
    assert not found.unexplained and found.exit_status == EXIT_FAILED
    found = concluded(ledger, Executed({"trial-k1": "it ended early"}))
    assert found.failures == {"trial-k1": "it ended early"}
    assert found.failed_rows == {"trial-k1": ledger.row_keys()[1]}, "the first one has its result"


def test_a_trial_whose_rows_have_all_ended_has_not_failed(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True), epoch(3, milestone=True)])
    found = concluded(ledger, Executed({"trial-k1": "it reported a row after its last"}))
    assert not found.failures and found.exit_status == EXIT_OPEN


def stopped(tmp_path: Path, status: str = "stopped") -> Ledger:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    (directory / "stopped.json").write_text(Stop(status, 2, "asha", 60.0).as_json())
    return ledger


def test_rows_that_a_search_stopped_are_not_left_to_run(tmp_path: Path) -> None:
    ledger = stopped(tmp_path)
    plan = Plan((), {}, (), 4, 3, left_out=frozenset(ledger.row_keys()[2:]), is_searching=True)
    done = Executed(trials=(planned(ledger),))
    found = conclude(ledger, plan, ledger.read_trials(), done)
    assert found.halted == {ledger.row_keys()[1]: "stopped"}
    assert not found.unexplained and not found.failures and found.exit_status == 0
    cut = conclude(ledger, plan, ledger.read_trials(), Executed(all_ended=False))
    assert cut.interrupted, "the search was to go on"


def test_rows_that_timed_out_stay_open(tmp_path: Path) -> None:
    found = concluded(stopped(tmp_path, "timed_out"), Executed())
    assert list(found.halted.values()) == ["timed_out"] and found.exit_status == EXIT_OPEN


def test_a_limit_leaves_rows_open_but_a_target_is_the_end(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    for is_target, status in ((False, EXIT_OPEN), (True, 0)):
        done = Executed(all_ended=False, limit="the time limit of 1 h", is_target=is_target)
        found = conclude(ledger, Plan((), {}, (), 4, 3), ledger.read_trials(), done)
        assert found.exit_status == status
