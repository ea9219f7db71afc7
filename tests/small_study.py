"""A study of four rows as the program itself leaves it, for tests that then damage it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.refusals import isolate
from tests.studies import line
from tune_app.data.images import load_datasets
from tune_app.data.split_data import describe
from tune_app.planning.space_file import load_space
from tune_app.storage.local_store import LocalStore
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger, new_ledger
from tune_app.training.registry import TRAINABLES

RESNET_SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="mine", question="Which?", trainable="resnet", factors=("lr", "epochs"),
    param_space={"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd",
                 "lr": tune.grid_search([0.1, 0.01]), "epochs": tune.grid_search([1, 2])},
)
"""
COMMAND = ["--space", "./my_space.py", "--data", "sample", "--images", "100", "--plan"]


def small_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a study of four rows, of which one trial has finished two and another has failed."""
    isolate(monkeypatch, tmp_path)
    (tmp_path / "my_space.py").write_text(RESNET_SPACE)
    space = load_space("./my_space.py")
    images = load_datasets(["mnist"], "sample", 100)
    described = describe(images, "sample", 100, 0)
    ledger = new_ledger(
        LocalStore(tmp_path / "results" / "mine"),
        space,
        (0,),
        device="cpu",
        data=described,
        defaults=TRAINABLES["resnet"].defaults(),
    )
    hardware = {"cpu": "x", "gpus": []}
    ledger.start_launch(
        {"open": [], "host": "h", "python": "3.11", "hardware": hardware, "packages": {}}
    )
    ids = [c.config_id for c in ledger.configurations()]
    trial(ledger, "k1", ids[:2], [line(1, milestone=True), line(2, milestone=True)])
    failed = trial(ledger, "k2", ids[2:], [line(1)])
    (failed / "error.txt").write_text("ValueError: x\n")
    return ledger.root


def trial(ledger: Ledger, key: str, ids: Sequence[str], rows: Sequence[dict[str, Any]]) -> Path:
    """Write a trial of milestones 1 and 2 as a launch records it."""
    path = ledger.root / "tune" / "001" / f"trial-{key}"
    path.mkdir(parents=True)
    serves = {"1": ids[:1], "2": ids[1:]}
    plan: dict[str, Any] = {"trial_key": key, "milestones": [1, 2], "serves": serves}
    plan["data"] = data_fingerprint(ledger.study["data"], "mnist")
    config = {**ledger.configurations()[0].config, "seed": 0, "device": "cpu", "plan": plan}
    (path / "params.json").write_text(json.dumps(config))
    (path / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
