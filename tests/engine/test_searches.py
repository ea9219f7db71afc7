"""Whole searches, as a user runs them."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.engine.real_studies import command, ledger_of, run, write_space
from tests.interrupted_study import num_rows
from tune_app.cli.status_command import main as status
from tune_app.planning.sharing_check import measures_of
from tune_app.study.search_log import Event, read_events

OWN = """
import json, tempfile, time
from pathlib import Path
from ray import tune
from search_spaces import SearchSpace

def train(config):
    checkpoint, first = tune.get_checkpoint(), 1
    if checkpoint:
        with checkpoint.as_directory() as folder:
            first = json.loads((Path(folder) / "state.json").read_text()) + 1
    for epoch in range(first, config["epochs"] + 1):
        if config["x"] < 0:
            time.sleep(1000)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state.json").write_text(json.dumps(epoch))
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"epoch": epoch, "score": epoch * config["x"]}, checkpoint=saved)

SPACE = SearchSpace(name="own", trainable=train, metric="score", prefix_axis="epochs",
                    param_space={"x": %s, "epochs": 9})
"""
SHIPPED = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="shipped", trainable="resnet", factors=("lr",),
    param_space={"dataset": "mnist", "model": "resnet18", "batch_size": 32, "optimizer": "sgd",
                 "lr": %s, "epochs": 4},
)
"""
ASHA = ("--search", "random", "--stopping", "asha", "--rungs", "1,3")

pytestmark = pytest.mark.xdist_group("ray")


def asked(root: Path) -> list[Event]:
    events = read_events(ledger_of(root).store)
    return [event for event in events if event["event"] == "ask"]


def rows_of(root: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the trial and the content of every recorded row, over all launches."""
    return [
        (json.loads(path.with_name("params.json").read_text())["plan"]["trial_key"], row)
        for path in sorted(root.glob("tune/*/*/result.json"))
        for row in map(json.loads, path.read_text().splitlines())
    ]


def check_no_epoch_is_repeated(root: Path) -> None:
    counts = Counter((key, row["epoch"]) for key, row in rows_of(root))
    assert counts and set(counts.values()) == {1}


def statuses(root: Path) -> dict[str, str]:
    ledger = ledger_of(root)
    outcomes = ledger.read_trials().outcomes(ledger.study)
    return {config_id: outcome.status for (config_id, _), outcome in outcomes.items()}


def test_a_search_stops_trials_takes_them_further_and_grows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space, root = write_space(tmp_path, OWN % "tune.uniform(0.0, 1.0)"), tmp_path / "own"
    code, said = run(tmp_path, space, *ASHA, "--num-trials", "9")
    assert code == 0, said
    found = statuses(root)
    assert len(found) == len(asked(root)) == 9
    assert Counter(found.values()).keys() == {"finished", "stopped"}
    check_no_epoch_is_repeated(root)
    assert f"{Counter(found.values())['stopped']} stopped by the search" in said
    capsys.readouterr()
    assert status([str(root), "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["rows"]["stopped"] + state["rows"]["finished"] == 9 == state["num_asked"]

    first = asked(root)
    assert run(tmp_path, space, "--num-trials", "12")[0] == 0, "the rest is as the study has it"
    assert len(asked(root)) == 12 == len(statuses(root)) and asked(root)[:9] == first
    check_no_epoch_is_repeated(root)

    before = num_rows(root)
    config_id = next(i for i, found in statuses(root).items() if found == "finished")
    assert run(tmp_path, space, "--continue", config_id, "--epochs", "11")[0] == 0
    assert num_rows(root) == before + 2, "epochs 10 and 11"
    check_no_epoch_is_repeated(root)


def median_says(values: list[float]) -> list[str]:
    """Return the statuses that the median rule gives trials that run one after another.

    A trial reports x, 2x, 3x ..., so its best up to rung 1 is x and its average x; up to rung 3
    they are 3x and 2x.
    """
    averages: dict[int, list[float]] = {1: [], 3: []}
    found = []
    for x in values:
        status = "finished"
        for rung, best, average in ((1, x, x), (3, 3 * x, 2 * x)):
            others = averages[rung]
            stops = len(others) >= 3 and best < statistics.median(others)
            others.append(average)
            if stops:
                status = "stopped"
                break
        found.append(status)
    return found


@pytest.mark.slow
def test_the_median_rule_stops_what_is_worse_than_the_others(tmp_path: Path) -> None:
    space, root = write_space(tmp_path, OWN % "tune.uniform(0.0, 1.0)"), tmp_path / "own"
    median = ("--search", "random", "--stopping", "median", "--rungs", "1,3")
    code, said = run(tmp_path, space, *median, "--num-trials", "10", "--max-concurrent", "1")
    assert code == 0, said
    events, found = asked(root), statuses(root)
    expected = median_says([event["config"]["x"] for event in events])
    assert [found[event["config_id"]] for event in events] == expected
    assert {*expected} == {"finished", "stopped"}
    check_no_epoch_is_repeated(root)


@pytest.mark.slow
def test_the_pick_of_a_search_is_trained_again_at_new_seeds(tmp_path: Path) -> None:
    space, root = write_space(tmp_path, OWN % "tune.uniform(0.0, 1.0)"), tmp_path / "own"
    code, said = run(tmp_path, space, "--search", "random", "--num-trials", "4")
    assert code == 0, said
    best = max(asked(root), key=lambda event: event["config"]["x"])["config_id"]
    again = ("--space", space, "--best-of", "own", "--seeds", "0-2", "--results-dir", str(tmp_path))
    done = command(*again)
    assert done.returncode == 0, done.stderr
    assert "note: seeds of own are left out, as they are not new: 0" in done.stdout
    repeated = ledger_of(tmp_path / "own_best")
    outcomes = repeated.read_trials().outcomes(repeated.study)
    assert {key: o.status for key, o in outcomes.items()} == dict.fromkeys(
        [(best, 1), (best, 2)], "finished"
    )
    assert "nothing is missing: all 2 rows are finished" in command(*again).stdout


@pytest.mark.slow
def test_the_shipped_loop_goes_on_exactly_from_its_rungs(tmp_path: Path) -> None:
    lrs = "tune.grid_search([0.1, 0.03, 0.01, 0.003])"
    space, root = write_space(tmp_path, SHIPPED % lrs), tmp_path / "shipped"
    search = ("--search", "grid", "--stopping", "asha", "--rungs", "1,2", "--reduction", "2")
    code, said = run(tmp_path, space, *search, "--num-trials", "4")
    assert code == 0, said
    found = statuses(root)
    assert len(found) == 4 and Counter(found.values()).keys() == {"finished", "stopped"}
    check_no_epoch_is_repeated(root)
    rows = rows_of(root)
    assert all(("test_accuracy" in row) == (row["epoch"] == 4) for _, row in rows)

    code, said = run(tmp_path, space)  # without a search: every row of the grid to its end
    assert code == 0, said
    assert set(statuses(root).values()) == {"finished"}
    check_no_epoch_is_repeated(root)
    assert run(tmp_path, space, "--study", "undisturbed")[0] == 0
    expected = {
        (key, row["epoch"]): measures_of(row) for key, row in rows_of(tmp_path / "undisturbed")
    }
    assert {(key, row["epoch"]): measures_of(row) for key, row in rows_of(root)} == expected


@pytest.mark.slow
def test_limits(tmp_path: Path) -> None:
    values = "tune.grid_search([0.5, -1.0, 0.25])"
    space, root = write_space(tmp_path, OWN % values), tmp_path / "own"
    code, said = run(tmp_path, space, "--trial-time-limit", "5s")
    assert code == 3 and "1 took longer than --trial-time-limit allows" in said, said
    assert Counter(statuses(root).values()) == {"finished": 2, "timed_out": 1}
    code, said = run(tmp_path, space, "--trial-time-limit", "5s")
    assert code == 3 and "nothing is left to run: 2 of 3 rows are finished" in said, said
    code, said = run(tmp_path, space, "--time-limit", "40s")
    assert code == 3 and "the time limit of 40 s is reached; to continue: " in said, said
    assert Counter(statuses(root).values()) == {"finished": 2, "unfinished": 1} or code == 3

    aim = ("--study", "aim", "--target", "score=4", "--max-concurrent", "1")
    code, said = run(tmp_path, space, *aim)
    assert code == 0 and "the target score 4 (with 4.5) is reached" in said, said
    assert statuses(tmp_path / "aim")
