"""What trials recorded: which rows are finished, and by which of their directories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ledgers import DATA, epoch, make_ledger, record
from tests.own_studies import own_study, report
from tests.recorded import ended
from tune_app.storage.open_store import open_store
from tune_app.study.code_fingerprint import CODE
from tune_app.study.recorded import read_recorded
from tune_app.study.trial_directory import RETURNED_FILE


def test_rows_are_finished_by_their_milestone(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    record(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    assert ended(ledger) == {(ids[0], 0): "finished"}
    record(ledger, "002", [epoch(3, milestone=True)])
    assert ended(ledger) == {(ids[0], 0): "finished", (ids[1], 0): "finished"}
    trial = ledger.read_trials().trials["k1"]
    assert trial.history.keys() == {1, 2, 3}
    assert [directory.launch for directory in trial.directories] == ["001", "002"]


def test_divergence_ends_the_rows_from_there_on(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    record(ledger, "001", [epoch(1, milestone=True), epoch(2, status="diverged")])
    assert ended(ledger) == {(ids[0], 0): "finished", (ids[1], 0): "diverged"}


@pytest.mark.parametrize(
    ("params", "num_iterations", "after"),
    [
        ({}, 10_000, " after 10000 iterations"),
        ({"max_iter": -1}, 10_000, " after 10000 iterations"),
        ({"max_iter": 50}, 49, " after 50 iterations"),
        ({"max_iter": -1}, None, ""),
    ],
)
def test_a_solver_that_stopped_says_after_how_many_iterations(
    tmp_path: Path, params: dict[str, Any], num_iterations: int | None, after: str
) -> None:
    """A ``max_iter`` of -1 sets no limit of its own."""
    ledger = make_ledger(tmp_path / "mine")
    row = epoch(1, milestone=True, status="unconverged") | {"num_iterations": num_iterations}
    file = record(ledger, "001", [row]) / "params.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | params))
    first = next(iter(ledger.read_trials().outcomes(ledger.study).values()))
    assert first.status == "unconverged"
    assert first.reason == f"the solver stopped{after} before it converged"


def test_torn_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    tail = '[1]\n{"epoch": "x"}\n\xff\n{"epoch": 3, "milest'
    record(ledger, "001", [epoch(1, milestone=True)], tail=tail)
    recorded = ledger.read_trials()
    assert [row["epoch"] for row in recorded.directories[0].records] == [1]
    assert len(ended(ledger)) == 1
    unreadable, left_out = recorded.notes
    assert unreadable.endswith("2 unreadable lines") and "epoch is 'x'" in left_out


def test_errors_of_the_newest_directory_count(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    first = record(ledger, "001", [])
    (first / "error.txt").write_text("Traceback\n  x\nValueError: bad\n\n")
    assert ledger.read_trials().trials["k1"].newest.error == "ValueError: bad"
    record(ledger, "002", [epoch(1, milestone=True)])
    assert ledger.read_trials().trials["k1"].newest.error == ""


def test_of_trials_that_got_equally_far_the_one_of_the_newer_launch_counts(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    for launch in ("999", "1000"):
        record(ledger, launch, [epoch(1)], key=f"k{launch}")
    outcomes = ledger.read_trials().outcomes(ledger.study)
    assert {o.trial.newest.launch for o in outcomes.values() if o.trial} == {"1000"}


def test_trials_of_other_data_do_not_count(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True)])
    assert len(ended(ledger)) == 1
    other = {**DATA, "datasets": {"mnist": {"num_images": 200, "sha256": {"a": "1"}}}}
    anew = make_ledger(tmp_path / "mine", data=other)
    recorded = anew.read_trials()
    assert recorded.ended(anew.study) == {} and not recorded.trials
    (note,) = recorded.notes
    assert "1 trials of launch 001 were trained on other data" in note


def test_at_a_url_the_attempt_that_returned_counts_too(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}])
    failed = [{"epoch": epoch, "val_accuracy": epoch / 10} for epoch in range(1, 8)]
    again = [{"epoch": epoch, "val_accuracy": epoch / 20} for epoch in range(1, 6)]
    folder = report(ledger, {"lr": 0.1}, [*failed, *again])
    (folder / RETURNED_FILE).write_text(json.dumps({"epoch": 5}))
    with open_store(ledger.root.as_uri()) as store:
        (outcome,) = read_recorded(store.root, ledger.study).outcomes(ledger.study).values()
    assert outcome.report is not None and outcome.report.record["val_accuracy"] == 0.25


def test_a_divergence_counts_before_a_trial_that_failed_or_did_not_begin(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    row = ledger.row_keys()[0]
    record(ledger, "001", [epoch(1, status="diverged")], key="k1")
    record(ledger, "002", [], key="k2")
    failed = record(ledger, "003", [], key="k3")
    (failed / "error.txt").write_text("ValueError: no\n")
    outcome = ledger.read_trials().outcomes(ledger.study)[row]
    assert (outcome.status, outcome.trial and outcome.trial.key) == ("diverged", "k1")
    record(ledger, "004", [epoch(1, milestone=True)], key="k4")
    assert ledger.read_trials().outcomes(ledger.study)[row].status == "finished"


def test_the_code_of_a_row_is_that_of_its_own_epochs(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    rows = ledger.row_keys()
    for launch, code, number in (("001", "one", 1), ("002", "two", 3)):
        lines = [epoch(number, milestone=True)]
        file = record(ledger, launch, lines) / "params.json"
        params = json.loads(file.read_text())
        file.write_text(json.dumps(params | {"plan": params["plan"] | {CODE: code}}))
    found = ledger.read_trials().outcomes(ledger.study)
    assert [found[row].code for row in rows[:2]] == ["one", "one+two"]


def test_an_error_of_a_trial_whose_rows_have_all_ended_is_no_failure(tmp_path: Path) -> None:
    """Tune may copy the error of an attempt before into the folder of a trial that finished."""
    ledger = make_ledger(tmp_path / "mine")
    folder = record(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    (folder / "error.txt").write_text("ValueError: no\n")
    recorded = ledger.read_trials()
    assert set(recorded.failures(recorded.ended(ledger.study).keys())) == {"k1"}
    (folder / "result.json").write_text(
        "".join(json.dumps(epoch(n, milestone=n in (1, 3))) + "\n" for n in (1, 2, 3))
    )
    recorded = ledger.read_trials()
    assert recorded.failures(recorded.ended(ledger.study).keys()) == {}
