"""Studies whose state is asked for, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from tests.studies import line, write_trial
from tune_app.cli.status_command import main
from tune_app.planning.remaining import planned_trials
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, new_ledger

START = 1_767_268_800
DATA = {
    "source": "sample",
    "num_images": 700,
    "split_seed": 0,
    "datasets": {"mnist": {"num_images": 700, "num_train": 490, "sha256": {}}},
}


def make_study(root: Path, *, lrs: tuple[float, ...] = (0.1, 0.01), **launch: Any) -> Ledger:
    """Write a study of two rows, of 2 and 4 epochs, per learning rate, with one launch."""
    space = SearchSpace(
        name="grid",
        question="Which learning rate?",
        trainable="resnet",
        param_space={
            "dataset": "mnist",
            "model": "resnet18",
            "batch_size": 16,
            "optimizer": "sgd",
            "lr": {"grid_search": list(lrs)},
            "epochs": {"grid_search": [2, 4]},
        },
        factors=("lr", "epochs"),
    )
    ledger = new_ledger(
        LocalStore(root / "grid"), space, (0,), device="cpu", data=DATA, defaults={}
    )
    assert ledger.start_launch({"sharing": True, "open": [], **launch}) == "001"
    return ledger


def record(ledger: Ledger, number: int, *epochs: int, **changes: Any) -> Path:
    """Record epochs of the study's trial of that number, 10 seconds each; 2 and 4 are milestones.

    Changes are those of the last epoch's line, but for ``error``.
    """
    trials = planned_trials(ledger, ())
    assert trials is not None
    trial = trials[number]
    error = changes.pop("error", None)
    lines = []
    for epoch in epochs:
        stamps = {"timestamp": START + 10 * epoch, "time_this_iter_s": 10.0}
        extra = changes if epoch == epochs[-1] else {}
        lines.append(line(epoch, milestone=epoch in (2, 4), **{**stamps, **extra}))
    return write_trial(
        ledger.root, trial.key, trial.config, trial.serves, lines, error=error, seed=0
    )


def told(capsys: pytest.CaptureFixture[str], root: Path) -> str:
    assert main([str(root)]) == 0
    return capsys.readouterr().out


def plain(capsys: pytest.CaptureFixture[str], root: Path) -> dict[str, Any]:
    assert main([str(root), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found
