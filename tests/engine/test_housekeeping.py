"""Housekeeping: spent checkpoints go, the best weights stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ledgers import epoch, make_ledger, record
from tune_app.engine.housekeeping import keep_best_weights, remove_spent_checkpoints, tidy
from tune_app.storage.open_store import open_store
from tune_app.storage.remote_folder import RemoteFolder


def make_checkpoint(directory: Path) -> Path:
    path = directory / "checkpoint_000000"
    path.mkdir()
    return path


def test_only_checkpoints_of_finished_trials_go(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    done = record(ledger, "001", [epoch(1, milestone=True)], key="a", serves={"1": ids[:1]})
    serves = {"1": ids[1:2], "3": ids[2:3]}
    half = record(ledger, "001", [epoch(1, milestone=True)], key="b", serves=serves)
    spent, needed = make_checkpoint(done), make_checkpoint(half)
    remove_spent_checkpoints(ledger, ledger.read_trials())
    assert not spent.exists() and needed.exists()


def test_a_finished_study_keeps_no_checkpoint_at_all(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    torn = record(ledger, "001", [epoch(1)], key="a")
    (torn / "params.json").write_text("{")
    of_no_trial = make_checkpoint(torn)
    *some, last = ids
    record(ledger, "002", [epoch(1, milestone=True)], key="b", serves={"1": some})
    remove_spent_checkpoints(ledger, ledger.read_trials())
    assert of_no_trial.exists(), "its trial may yet be told from a mended file"
    record(ledger, "003", [epoch(1, milestone=True)], key="c", serves={"1": [last]})
    remove_spent_checkpoints(ledger, ledger.read_trials())
    assert not of_no_trial.exists()


def save_weights(directory: Path, group: str, number: int) -> Path:
    path = directory / "weights" / f"{group}.epoch_{number}.pt"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def test_the_best_weights_of_each_group_stay(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    first = record(
        ledger,
        "001",
        [{"epoch": 1, "val_accuracy": 0.5}, {"epoch": 3, "val_accuracy": 0.9}],
        key="a",
    )
    second = record(ledger, "001", [{"epoch": 1, "val_accuracy": 0.7}], key="b")
    weak, best = save_weights(first, "x", 1), save_weights(first, "x", 3)
    beaten, alone = save_weights(second, "x", 1), save_weights(second, "y", 1)
    keep_best_weights(ledger, ledger.read_trials())
    assert [path.exists() for path in (weak, best, beaten, alone)] == [False, True, False, True]
    entry = json.loads((ledger.root / "weights" / "x.json").read_text())
    assert entry == {
        "metric": "val_accuracy",
        "score": 0.9,
        "file": str(best.relative_to(ledger.root)),
    }
    keep_best_weights(ledger, ledger.read_trials())
    assert best.exists(), "a second look changes nothing"


def test_of_equal_weights_those_of_the_lower_seed_stay_and_an_old_entry_goes(
    tmp_path: Path,
) -> None:
    ledger = make_ledger(tmp_path / "mine", seeds=(0, 1))
    saved = []
    for key, seed in (("a", 1), ("b", 0)):
        folder = record(ledger, "001", [{"epoch": 3, "val_accuracy": 0.9}], key=key)
        params = json.loads((folder / "params.json").read_text()) | {"seed": seed}
        (folder / "params.json").write_text(json.dumps(params))
        saved.append(save_weights(folder, "x", 3))
    stale = ledger.root / "weights" / "gone.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    keep_best_weights(ledger, ledger.read_trials())
    assert [path.exists() for path in saved] == [False, True] and not stale.exists()


def test_the_objective_of_the_space_decides_which_weights_stay(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine", metric="val_loss", mode="min")
    rows = [
        {"epoch": 2, "val_accuracy": 0.5, "val_loss": 0.2},
        {"epoch": 3, "val_accuracy": 0.9, "val_loss": 0.3},
    ]
    trial = record(ledger, "001", rows, key="a")
    kept, accurate = save_weights(trial, "x", 2), save_weights(trial, "x", 3)
    tidy(ledger, ledger.read_trials())
    assert kept.exists() and not accurate.exists()
    entry = json.loads((ledger.root / "weights" / "x.json").read_text())
    assert entry == {
        "metric": "val_loss",
        "score": 0.2,
        "file": str(kept.relative_to(ledger.root)),
    }


def test_half_written_files_go_at_a_url_too(tmp_path: Path) -> None:
    there = RemoteFolder((tmp_path / "there" / "mine").as_uri())
    with open_store(there.url) as store:
        ledger = make_ledger(store)
        ledger.save()
        there.write(".study.json.123", b"{")
        tidy(ledger, ledger.read_trials())
        assert list(there.files()) == ["study.json"]
        assert [path.name for path in store.root.iterdir()] == ["study.json"]


def test_a_url_is_not_asked_for_the_checkpoints_of_every_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = RemoteFolder((tmp_path / "there" / "mine").as_uri())
    with open_store(there.url) as store:
        ledger = make_ledger(store)
        ledger.save()
        ids = [c.config_id for c in ledger.configurations()]
        for number, config_id in enumerate(ids):
            rows = [epoch(1, milestone=True)]
            done = record(ledger, "001", rows, key=str(number), serves={"1": [config_id]})
            for path in done.iterdir():
                store.push(path)
        left = f"{done.relative_to(store.root).as_posix()}/checkpoint_000000/state.pt"
        there.write(left, b"x")
        asked = []
        files = RemoteFolder.files
        monkeypatch.setattr(
            RemoteFolder, "files", lambda self, under="": asked.append(under) or files(self, under)
        )
        tidy(ledger, ledger.read_trials())
        assert left not in list(there.files())
        assert len([under for under in asked if under]) <= 2 < len(ids), asked
