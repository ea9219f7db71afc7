"""Whole studies on a real Ray cluster: sharing, resuming, extending, failing, leaving open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tests.recorded import ended, read_rows
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="small", question="Which optimizer?", trainable="resnet",
    factors=("optimizer", "pin_memory", "epochs"),
    param_space={
        "dataset": "mnist", "model": "resnet18", "batch_size": 32, "lr": 1e-3,
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "pin_memory": tune.grid_search([False, True]),
        "epochs": tune.grid_search([1, 2]),
    },
)
"""

FAILING = """
from search_spaces import SearchSpace
from tune_app.training.registry import TRAINABLES, Parameter, Trainable
from ray import tune

def train(config, *, data, settings):
    if config["x"] == 1:
        raise ValueError("x must not be 1")
    if config["x"] == 2 and config["early"]:
        return tune.report({"epoch": 1, "status": "ok"})
    tune.report({"epoch": 1, "milestone": 1, "status": "ok", "test_accuracy": config["x"] / 10})

TRAINABLES["failing"] = Trainable(
    name="failing", function=train,
    parameters={"x": Parameter(int), "early": Parameter(bool, default=False)},
    label=lambda config: f"x{config['x']}", uses_images=False,
)
SPACE = SearchSpace(
    name="failing", question="Does one failure spoil the rest?", trainable="failing",
    factors=("x",), param_space={"x": tune.grid_search([0, 1, 2])},
)
"""


def write_space(folder: Path, text: str, name: str = "my_space.py") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "tune_app.run", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def run(results: Path, space: str, *arguments: str) -> tuple[int, str]:
    data = ("--data", "sample", "--images", "150", "--results-dir", str(results))
    done = command("--space", space, *data, *arguments)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def milestones(ledger: Ledger) -> dict[tuple[str, int], dict[str, Any]]:
    """Return row -> what its trial measured at the row's milestone, times left out."""
    rows = {}
    for params in ledger.root.glob("tune/*/*/params.json"):
        config = json.loads(params.read_text())
        for row in read_rows(params.parent / "result.json"):
            for config_id in config["plan"]["serves"].get(str(row.get("milestone")), ()):
                names = ("val_accuracy", "val_loss", "train_loss", "test_loss", "confusion_matrix")
                rows[config_id, config["seed"]] = {name: row[name] for name in names}
    return rows


def ledger_of(root: Path) -> Ledger:
    ledger = open_ledger(LocalStore(root))
    assert ledger is not None
    return ledger


def check_tensorboard(ledger: Ledger) -> None:
    """Check that every trial's event file has its curves and its HParams."""
    for params in ledger.root.glob("tune/*/*/params.json"):
        events = EventAccumulator(str(params.parent))
        events.Reload()
        results = read_rows(params.parent / "result.json")
        for name in ("train_loss", "val_accuracy"):
            curve = [(e.step, e.value) for e in events.Scalars(name)]
            assert curve == [(r["epoch"], pytest.approx(r[name])) for r in results]
        start = events.PluginTagToContent("hparams")["_hparams_/session_start_info"]
        hparams = HParamsPluginData.FromString(start).session_start_info.hparams
        assert set(hparams) == {"optimizer", "pin_memory", "epochs", "seed"}


def check_conditions_and_predictions(ledger: Ledger) -> None:
    """Check that rows say how their times were taken, and that predictions come with labels."""
    for path in ledger.root.glob("tune/*/*/result.json"):
        rows = read_rows(path)
        assert [row["warm_up"] for row in rows] == [True, *[False] * (len(rows) - 1)]
        assert {row["num_threads"] for row in rows} == {1}
        assert {row["num_concurrent_trials"] for row in rows} <= {1, 2}
        for row in rows:
            with np.load(path.parent / row["predictions_file"]) as saved:
                right = saved["predictions"] == saved["labels"]
            assert len(right) == row["num_test"] and right.mean() == row["test_accuracy"]


def test_a_study_runs_shares_resumes_and_grows(tmp_path: Path) -> None:
    space = write_space(tmp_path, SPACE)
    status, out = run(tmp_path, space)
    assert status == 0
    assert "8 rows, 0 finished; 2 trials to run, 4 epochs instead of 12 without sharing" in out
    assert "dashboard: http://127.0.0.1:" in out and "tensorboard --logdir" in out
    assert "8 of 8 rows are finished" in out
    ledger = ledger_of(tmp_path / "small")
    assert set(ended(ledger)) == set(ledger.row_keys())
    shared = milestones(ledger)
    assert not list(ledger.root.glob("tune/*/*/checkpoint_*")), "spent checkpoints are removed"
    assert len(list(ledger.root.glob("tune/*/*/weights/*.pt"))) == 1, "only the best are kept"
    check_tensorboard(ledger)
    check_conditions_and_predictions(ledger)

    before = sorted(p for p in ledger.root.rglob("*") if p.is_file())
    status, out = run(tmp_path, space)
    assert status == 0 and "nothing is missing: all 8 rows are finished" in out
    assert sorted(p for p in ledger.root.rglob("*") if p.is_file()) == before

    options = ("--study", "alone", "--no-sharing", "--max-concurrent", "1")
    status, out = run(tmp_path, space, *options)
    assert status == 0 and "8 trials to run, 12 epochs\n" in out
    assert milestones(ledger_of(tmp_path / "alone")) == shared, "sharing changes no number"

    status, out = run(tmp_path, space, "--seeds", "0-1")
    assert status == 0 and "the study grows by 8 rows" in out
    grown = milestones(ledger_of(tmp_path / "small"))
    assert len(grown) == 16 and shared.items() <= grown.items()
    assert any(grown[key, 1] != grown[key, 0] for key, _ in shared)


def test_a_failed_trial_is_named_and_the_others_finish(tmp_path: Path) -> None:
    space = write_space(tmp_path, FAILING)
    status, out = run(tmp_path, space, "--max-failures", "1")
    assert status == 1 and "2 of 3 rows are finished" in out
    assert "failed: x1-s0-" in out and "ValueError: x must not be 1" in out
    assert len(ended(ledger_of(tmp_path / "failing"))) == 2
    # The same command tries the failed trial again, and only that one.
    Path(space).write_text(FAILING.replace('config["x"] == 1', "False"))
    status, out = run(tmp_path, space, "--max-failures", "1")
    assert status == 0
    assert "3 rows, 2 finished; 1 trials to run" in out and "3 of 3 rows are finished" in out
    # Starting over keeps the old study.
    status, out = run(tmp_path, space, "--fresh")
    assert status == 0 and "the old study is kept in" in out
    kept = [p for p in tmp_path.iterdir() if p.name.startswith("failing")]
    assert len(kept) == 2 and all(len(ended(ledger_of(p))) == 3 for p in kept)


def test_a_trial_that_ends_without_its_milestone_is_named(tmp_path: Path) -> None:
    text = FAILING.replace('{"x": tune.grid_search([0, 1, 2])}', '{"x": 2, "early": True}')
    status, out = run(tmp_path, write_space(tmp_path, text))
    assert status == 1 and "0 of 1 rows are finished" in out
    assert "it ended after epoch 1 without reporting milestone 1, which its rows need" in out
    assert "stopped by" not in out


def test_rows_that_need_a_gpu_stay_open(tmp_path: Path) -> None:
    text = SPACE.replace('"lr": 1e-3,', '"lr": 1e-3, "device": tune.grid_search(["cpu", "cuda"]),')
    text = text.replace("[False, True]", "[False]").replace("[1, 2]", "[1]")
    status, out = run(tmp_path, write_space(tmp_path, text))
    assert status == 3
    assert out.count("2 rows stay open: no GPU in the cluster") == 2, "at once and at the end"
    assert "2 of 4 rows are finished" in out
    study = json.loads((tmp_path / "small" / "study.json").read_text())
    reasons = [entry["reason"] for entry in study["launches"][0]["open"]]
    assert reasons == ["no GPU in the cluster"] * 2


def test_no_cluster_at_the_address(tmp_path: Path) -> None:
    space = write_space(tmp_path, FAILING)
    results = ("--results-dir", str(tmp_path))
    done = command("--space", space, *results, "--address", "127.0.0.1:1")
    assert done.returncode == 2 and "no Ray cluster answers there" in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "failing").exists()
