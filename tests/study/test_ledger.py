"""The ledger: what is expected, what is finished, what may be continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ledgers import epoch, make_ledger, record
from tune_app.study.ledger import open_ledger, put_aside
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_record import AT_RETURN
from tune_app.training.checkpoint import resumable_checkpoints, write_checkpoint
from tune_app.training.own_checkpoint import write_own_index


def test_a_saved_ledger_is_read_back(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine", seeds=(2, 0))
    assert open_ledger(ledger.store) is None
    ledger.save()
    again = open_ledger(ledger.store)
    assert again is not None and again.study == json.loads(json.dumps(ledger.study))
    ids = [c.config_id for c in ledger.configurations()]
    assert again.row_keys() == [(i, seed) for i in ids for seed in (0, 2)]
    assert list(ledger.root.iterdir()) == [ledger.root / "study.json"]


def test_only_checkpoints_with_all_their_epochs_recorded_are_continued(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1), epoch(2)])
    for number in (1, 2, 3):
        path = directory / f"checkpoint_{number:06d}"
        path.mkdir()
        write_checkpoint(path, "k1", number, {"epoch": number})
    (directory / "checkpoint_000009").mkdir()
    trial = ledger.read_trials().trials["k1"]

    def names(first_milestone: int) -> list[str]:
        return [p.name for p in resumable_checkpoints(trial, first_milestone)]

    damaged = "checkpoint_000009"  # the trial refuses it and says so
    assert names(5) == [damaged, "checkpoint_000002", "checkpoint_000001"]  # 3: never recorded
    assert names(2) == [damaged, "checkpoint_000001"]  # a missing milestone has to be passed
    assert names(1) == [damaged]
    (directory / damaged).rmdir()
    assert names(1) == []
    for index in directory.glob("checkpoint_*/checkpoint.json"):
        index.write_text(index.read_text().replace("k1", "another"))
    assert names(5) == []


def test_a_users_function_continues_from_any_epoch_that_it_reported(tmp_path: Path) -> None:
    """It need not report every epoch, and where it ends only the function knows."""
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(2), epoch(4)], serves={"0": ["a"]})
    for number in (2, 3, 4):
        path = directory / f"checkpoint_{number:06d}"
        path.mkdir()
        write_own_index(path, "k1", number, 0)
    trial = ledger.read_trials().trials["k1"]
    names = [path.name for path in resumable_checkpoints(trial, AT_RETURN)]
    assert names == ["checkpoint_000004", "checkpoint_000002"]
    assert [path.name for path in resumable_checkpoints(trial, 4)] == ["checkpoint_000002"]


def test_putting_aside_keeps_everything(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    aside = put_aside(ledger.store)
    assert not ledger.root.exists()
    assert aside.name.startswith("mine.") and (aside / "study.json").exists()


@pytest.mark.parametrize("result", ["last", "best"])
def test_which_row_of_a_function_is_its_result_is_kept(tmp_path: Path, result: str) -> None:
    space: dict[str, Any] = {"trainable": lambda config: None, "metric": "loss", "mode": "min"}
    space |= {"factors": ("lr",), "param_space": {"lr": {"grid_search": [1, 2]}}}
    ledger = make_ledger(tmp_path / "mine", result=result, **space)
    ledger.save()
    again = open_ledger(ledger.store)
    assert again is not None
    assert ResultRule.of_study(again.study).takes_best == (result == "best")
