"""The end of a launch: winners, failures with their tracebacks, what is open, what comes next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.ledgers import epoch, make_ledger, make_space, record
from tune_app.cli.outcome_text import left_lines, outcome_lines
from tune_app.engine.conclusion import Executed, conclude
from tune_app.planning.plan import OpenRow, Plan, PlannedTrial
from tune_app.planning.request import StudyRequest
from tune_app.study.ledger import Ledger


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["/bin/tune-app"])


def said(ledger: Ledger, done: Executed, *, where: tuple[str, ...] = ()) -> list[str]:
    """Return what is said of a launch that planned the trial which ``record`` writes."""
    ids = [configuration.config_id for configuration in ledger.configurations()]
    trial = PlannedTrial(
        "k1", "trial-k1", {"seed": 0}, (1, 3), {1: (ids[0],), 3: (ids[1],)}, {"CPU": 1.0}
    )
    others = ledger.row_keys()[2:]
    conditions = (("model", where),) if where else ()
    open_rows = () if where else tuple(OpenRow(key, "no GPU in the cluster") for key in others)
    left_out = frozenset(others) if where else frozenset()
    plan = Plan((trial,), {}, open_rows, 4, 3, left_out=left_out)
    request = StudyRequest(make_space(), ledger.store, where=conditions)
    conclusion = conclude(ledger, plan, ledger.read_trials(), done)
    return outcome_lines(ledger, plan, conclusion, request, "tune-app run --space mine")


def test_the_winner_is_named_with_its_validation_and_test_value(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    rows = [epoch(1, milestone=True), epoch(2), epoch(3, milestone=True)]
    for row, share in zip(rows, (0.9, 0.97, 0.975), strict=True):
        row |= {"val_accuracy": share, "test_accuracy": share - 0.01}
    record(ledger, "001", rows)
    assert said(ledger, Executed()) == [
        "2 of 4 rows are finished",
        "best, selected by val_accuracy (higher is better):",
        f"  {ledger.row_keys()[1][0]}: val_accuracy 97.50 %, test_accuracy 96.50 % (lr 0.1, "
        "epochs 3)",
        "2 rows stay open: no GPU in the cluster",
        "rows: tune-app show mine",
        "report: tune-app report mine",
    ]


def test_a_failure_is_named_with_its_traceback_and_the_commands_that_follow(
    tmp_path: Path,
) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True)])
    (directory / "error.txt").write_text("Traceback\n\nValueError: no\n")
    lines = said(ledger, Executed())
    row = ledger.row_keys()[1][0]  # the first one has its result
    place = "mine/tune/001/trial-k1/error.txt"
    assert f"failed: trial-k1: ValueError: no (traceback: {place})" in lines
    assert f"all that is kept of it: tune-app show mine {row}" in lines
    assert "to try again what failed: tune-app run --space mine" in lines
    assert len(lines) <= 10


def test_after_an_interruption_the_command_is_not_named_twice(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True)])
    (directory / "error.txt").write_text("Traceback\n\nValueError: no\n")
    lines = said(ledger, Executed(all_ended=False, limit="the time limit of 5 s"))
    assert any(line.startswith("failed: ") for line in lines)
    assert not any("tune-app run" in line for line in lines)


def test_rows_that_were_left_out_stay_open(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    record(ledger, "001", [epoch(1, milestone=True), epoch(2), epoch(3, milestone=True)])
    lines = said(ledger, Executed(), where=("resnet18",))
    assert (
        "2 rows stay open, left out by --where model=resnet18; the command without it runs them"
    ) in lines
    assert left_lines(Plan((), {}, (), 0, 0), StudyRequest(make_space(), ledger.store)) == []
