"""Reads what a study recorded, and checks that it is sound and that nothing was run twice."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.frames.load import load_study
from analysis.frames.tables import study_table
from analysis.render.files import to_csv
from tests.recorded import ended, read_rows
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.study.trials import RowKey
from tune_app.training.checkpoint import STATE_FILE, find_checkpoints

NUMBERS = ["test_accuracy", "test_precision", "test_recall", "test_f1", "val_accuracy"]


@dataclass(frozen=True)
class Record:
    """What a study directory held at one moment.

    Attributes:
        launches: names of the launches that have a directory.
        finished: the finished rows.
        epochs: trial_key -> recorded epochs, over all launches.
        checkpoints: trial_key -> epochs of which a whole checkpoint was there.
    """

    launches: frozenset[str]
    finished: frozenset[RowKey]
    epochs: Mapping[str, frozenset[int]]
    checkpoints: Mapping[str, frozenset[int]]


def read_record(root: Path) -> Record:
    """Check that what is on disk can be read, and return what it says.

    Fails if ``study.json`` is there and damaged, or a complete line of a ``result.json`` is no
    JSON.
    """
    for path in root.glob("tune/*/*/result.json"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            json.loads(line)
    ledger = open_ledger(LocalStore(root))
    if ledger is None:
        return Record(frozenset(), frozenset(), {}, {})
    trials = ledger.read_trials().trials
    return Record(
        launches=frozenset(path.name for path in root.glob("tune/*")),
        finished=frozenset(ended(ledger)),
        epochs={key: frozenset(trial.history) for key, trial in trials.items()},
        checkpoints={
            key: frozenset(
                epoch
                for directory in trial.directories
                if directory.path
                for epoch in _whole_checkpoints(directory.path, key)
            )
            for key, trial in trials.items()
        },
    )


def _whole_checkpoints(directory: Path, key: str) -> list[int]:
    epochs = []
    for index in find_checkpoints(directory, key):
        state = index.path / STATE_FILE
        if state.exists() and hashlib.sha256(state.read_bytes()).hexdigest() == index.sha256:
            epochs.append(index.epoch)
    return epochs


def check_nothing_is_repeated(root: Path, before: Record) -> None:
    """Check that the launches since ``before`` ran no finished row and no epoch that was safe.

    An epoch is safe once it and all before it are recorded, it has a whole checkpoint, and no
    missing milestone lies at or before it.
    """
    for params in root.glob("tune/*/*/params.json"):
        if params.parent.parent.name in before.launches:
            continue
        config = json.loads(params.read_text())
        plan = config["plan"]
        served = {(row, config["seed"]) for ids in plan["serves"].values() for row in ids}
        assert not served & before.finished, f"{params}: a finished row is run again"
        key, rows = plan["trial_key"], read_rows(params.parent / "result.json")
        recorded = before.epochs.get(key, frozenset())
        safe = [
            epoch
            for epoch in before.checkpoints.get(key, ())
            if recorded.issuperset(range(1, epoch + 1)) and epoch < plan["milestones"][0]
        ]
        if rows:
            assert rows[0]["epoch"] == max(safe, default=0) + 1, f"{params}: {before}"


def read_table(root: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return (config_id, seed) -> status and numbers, each as the report's CSV has them.

    Fails if a row is in the table twice.
    """
    frame = pd.read_csv(io.StringIO(to_csv(study_table(load_study(root)))), dtype=str)
    rows = {
        (str(row["id"]), str(row["seed"])): {name: str(row[name]) for name in [*NUMBERS, "status"]}
        for row in frame.to_dict("records")
    }
    assert len(rows) == len(frame), "a row is in the table twice"
    return rows
