"""Whole studies on a real Ray cluster: sharing, resuming, extending, failing, leaving open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tests.engine.real_studies import command, ledger_of, run, write_space
from tests.recorded import ended, read_rows
from tune_app.study.ledger import Ledger

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
    if config["x"] == 2:
        return tune.report({"epoch": 1, "status": "ok"})
    tune.report({"epoch": 1, "milestone": 1, "status": "ok", "test_accuracy": config["x"] / 10})

TRAINABLES["failing"] = Trainable(
    name="failing", function=train,
    parameters={"x": Parameter(int), "device": Parameter(str)},
    label=lambda config: f"x{config['x']}", uses_images=False,
)
SPACE = SearchSpace(
    name="failing", question="Does one failure spoil the rest?", trainable="failing",
    factors=("x",), param_space={"where": tune.grid_search([
        {"x": 0, "device": "cpu"}, {"x": 1, "device": "cpu"}, {"x": 2, "device": "cpu"},
        {"x": 3, "device": "cuda"}, {"x": 4, "device": "cuda"},
    ])},
)
"""


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


def check_tensorboard(ledger: Ledger) -> None:
    """Check that every row is a run of TensorBoard with its own curves and HParams."""
    outcomes, names = ledger.read_trials().outcomes(ledger.study), set()
    for configuration in ledger.configurations():
        config, trial = configuration.config, outcomes[configuration.config_id, 0].trial
        pin_memory = "pin_memory" if config["pin_memory"] else "no_pin_memory"
        words = (config["optimizer"], pin_memory, f"epochs{config['epochs']}")
        run = f"mnist_resnet18_{'_'.join(words)}_s0"
        names.add(run)
        events = EventAccumulator(str(ledger.root / "tensorboard" / run))
        events.Reload()
        assert trial is not None
        results = [trial.history[e].record for e in range(1, config["epochs"] + 1)]
        for name, tag in (("train_loss", "loss/train"), ("val_accuracy", "accuracy/val")):
            curve = [(e.step, e.value) for e in events.Scalars(tag)]
            assert curve == [(r["epoch"], pytest.approx(r[name])) for r in results]
        start = events.PluginTagToContent("hparams")["_hparams_/session_start_info"]
        hparams = HParamsPluginData.FromString(start).session_start_info.hparams
        assert set(hparams) == {"optimizer", "pin_memory", "epochs", "seed"}
        assert hparams["epochs"].number_value == config["epochs"]
        assert hparams["pin_memory"].bool_value == config["pin_memory"]
    assert {path.name for path in (ledger.root / "tensorboard").iterdir()} == names


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


@pytest.mark.xdist_group("ray")
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

    half = write_space(tmp_path, SPACE.replace('["sgd", "adam"]', '["adam"]'), "half.py")
    options = ("--study", "alone", "--no-sharing", "--max-concurrent", "1")
    status, out = run(tmp_path, half, *options)
    assert status == 0 and "4 trials to run, 6 epochs\n" in out
    alone = milestones(ledger_of(tmp_path / "alone"))
    assert len(alone) == 4 and alone.items() <= shared.items(), "sharing changes no number"

    status, out = run(tmp_path, space, "--seeds", "0-1")
    assert status == 0 and "the study grows by 8 rows" in out
    grown = milestones(ledger_of(tmp_path / "small"))
    assert len(grown) == 16 and shared.items() <= grown.items()
    assert any(grown[key, 1] != grown[key, 0] for key, _ in shared)


@pytest.mark.xdist_group("ray")
def test_what_fails_or_needs_a_gpu_is_named_and_the_others_finish(tmp_path: Path) -> None:
    space = write_space(tmp_path, FAILING)
    status, out = run(tmp_path, space, "--max-failures", "1")
    assert status == 1 and "1 of 5 rows are finished" in out
    assert "failed: x1-s0-" in out and "ValueError: x must not be 1" in out
    assert "it ended after epoch 1 without reporting milestone 1, which its rows need" in out
    assert "stopped by" not in out
    assert out.count("2 rows stay open: no GPU in the cluster") == 2, "at once and at the end"
    ledger = ledger_of(tmp_path / "failing")
    assert len(ended(ledger)) == 1
    reasons = [entry["reason"] for entry in ledger.study["launches"][0]["open"]]
    assert reasons == ["no GPU in the cluster"] * 2
    # The same command tries the failed trials again, and only those.
    text = FAILING.replace('config["x"] == 1', "False").replace('config["x"] == 2', "False")
    Path(space).write_text(text)
    status, out = run(tmp_path, space, "--max-failures", "1")
    assert status == 3 and "5 rows, 1 finished; 2 trials to run" in out
    assert "3 of 5 rows are finished" in out and len(ended(ledger_of(ledger.root))) == 3


def test_no_cluster_at_the_address(tmp_path: Path) -> None:
    space = write_space(tmp_path, FAILING)
    results = ("--results-dir", str(tmp_path))
    done = command("--space", space, *results, "--address", "127.0.0.1:1")
    assert done.returncode == 2 and "no Ray cluster answers there" in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "failing").exists()
