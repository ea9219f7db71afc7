"""A study is run in parts, gets a point of its own, and its end says what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.real_studies import command, ledger_of, write_space
from tune_app.planning.overview import read_overview

SPACE = """
from ray import tune
from tune_app import SearchSpace

def fit(config):
    if config["lr"] == 0.5 and config["width"] == 16:
        raise ValueError("the loss exploded")
    for step in range(2):
        tune.report({"val_rmse": config["lr"] + config["width"] - step,
                     "test_rmse": config["lr"] + config["width"] + 1})

SPACE = SearchSpace(name="parts", trainable=fit, metric="val_rmse", mode="min", param_space={
    "lr": tune.grid_search([0.1, 0.5]), "width": tune.grid_search([8, 16]), "note": None})
"""


@pytest.mark.xdist_group("ray")
def test_a_part_and_then_the_rest_with_a_point(tmp_path: Path) -> None:
    space = write_space(tmp_path, SPACE)
    words = ("--space", space, "--results-dir", str(tmp_path))
    done = command(*words, "--where", "lr=0.1", "--order", "random:3")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    end = lines[lines.index("2 of 4 rows are finished") :]
    assert end[1] == "best, selected by val_rmse (lower is better):"
    assert end[2].endswith(": val_rmse 7.1, test_rmse 9.1 (lr 0.1, width 8)")
    assert end[3:] == [
        "2 rows stay open, left out by --where lr=0.1; the command without it runs them",
        f"rows: python -m tune_app show {tmp_path}/parts",
        f"report: python -m analysis.report {tmp_path}/parts",
    ]
    assert f"report as it grows: python -m analysis.report {tmp_path}/parts --serve" in lines
    ledger = ledger_of(tmp_path / "parts")
    assert ledger.study["launches"][0]["order"] == {"name": "random", "seed": 3}
    view = read_overview(ledger, since=None)
    assert sorted(view.rows.values()) == ["finished", "finished", "open", "open"]
    assert set(view.open_reasons.values()) == {"left out by --where lr=0.1"}

    done = command(*words, "--set", "lr=0.1,0.5", "--add", "lr=0.2,width=4")
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "the study grows by 1 row" in lines and "5 rows, 2 finished; 3 trials to run" in lines
    end = lines[lines.index("4 of 5 rows are finished") :]
    assert end[2].endswith(": val_rmse 3.2, test_rmse 5.2 (lr 0.2, width 4)")
    failed = next(line for line in end if line.startswith("failed: "))
    trace = failed.partition("(traceback: ")[2].removesuffix(")")
    assert "ValueError: the loss exploded" in Path(trace).read_text()
    [show] = [line for line in end if line.startswith("all that is kept of it: ")]
    [again] = [line for line in end if line.startswith("to try again what failed: ")]
    assert again.endswith("--set lr=0.1,0.5 --add lr=0.2,width=4") and len(end) <= 10
    row = show.rpartition(" ")[2]
    [failing] = [c for c in ledger_of(ledger.root).configurations() if c.config_id == row]
    assert failing.config == {"lr": 0.5, "width": 16, "note": None}
