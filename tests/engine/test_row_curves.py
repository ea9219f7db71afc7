"""Every row of a study is a run of TensorBoard, whatever trial it shares."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tests.ledgers import make_ledger
from tune_app.engine import row_curves
from tune_app.engine.event_file import column_types
from tune_app.engine.row_curves import RowCurves
from tune_app.storage.open_store import open_store
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.study.ledger import Ledger
from tune_app.study.trial_record import AT_RETURN
from tune_app.training.registry import TRAINABLES

FIRST, LAST = "lr0.1_epochs1_s0", "lr0.1_epochs3_s0"


def curves_of(ledger: Ledger) -> RowCurves:
    configs = [c.config for c in ledger.configurations()]
    types = column_types(("lr", "epochs"), configs)
    return RowCurves(ledger.store, ledger.study, TRAINABLES["resnet"], types)


def trial_of(ledger: Ledger, *milestones: int, seed: int = 0) -> Any:
    """Return a trial of the first rows, which end at these epochs."""
    ids = [c.config_id for c in ledger.configurations()]
    serves = {str(m): [config_id] for m, config_id in zip(milestones, ids, strict=False)}
    return SimpleNamespace(trial_id="t", config={"seed": seed, "plan": {"serves": serves}})


def epoch(number: int, *milestones: int) -> dict[str, Any]:
    row = {"epoch": number, "val_accuracy": number / 8, "epoch_seconds": 2.0, "pid": 7}
    return {**row, "milestone": number} if number in milestones else row


def runs(ledger: Ledger) -> dict[str, EventAccumulator]:
    """Return TensorBoard's runs by their names."""
    found = {}
    for folder in sorted((ledger.root / "tensorboard").iterdir()):
        found[folder.name] = EventAccumulator(str(folder))
        found[folder.name].Reload()
    return found


def curve(run: EventAccumulator, tag: str = "accuracy/val") -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in run.Scalars(tag)]


def session(run: EventAccumulator) -> tuple[dict[str, Any], int | None]:
    """Return what the HParams tab says of a run: its values and its status."""
    content = run.PluginTagToContent("hparams")
    start = HParamsPluginData.FromString(content["_hparams_/session_start_info"])
    found = start.session_start_info.hparams
    values = {n: getattr(v, str(v.WhichOneof("kind"))) for n, v in found.items()}
    if "_hparams_/session_end_info" not in content:
        return values, None
    end = HParamsPluginData.FromString(content["_hparams_/session_end_info"])
    return values, end.session_end_info.status


def test_rows_of_one_trial_have_their_own_values_and_curves(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine", seeds=(0, 5))
    curves, trial = curves_of(ledger), trial_of(ledger, 1, 3, seed=5)
    curves.add(trial, epoch(1, 1, 3))
    while_running = runs(ledger)
    assert session(while_running["lr0.1_epochs3_s5"]) == (
        {"lr": 0.1, "epochs": 3.0, "seed": 5.0},
        None,
    )
    for number in (2, 3):
        curves.add(trial, epoch(number, 1, 3))
    curves.end(trial, epoch(3, 3), is_complete=True)
    found = runs(ledger)
    assert list(found) == ["lr0.1_epochs1_s5", "lr0.1_epochs3_s5"]
    short, long = found.values()
    assert curve(short) == [(1, 0.125)]
    assert curve(long) == [(1, 0.125), (2, 0.25), (3, 0.375)]
    assert curve(short, "time/epoch_seconds") == [(1, 2.0)]
    success = Status.Value("STATUS_SUCCESS")
    assert session(short) == ({"lr": 0.1, "epochs": 1.0, "seed": 5.0}, success)
    assert session(long) == ({"lr": 0.1, "epochs": 3.0, "seed": 5.0}, success)


def test_a_resumed_row_goes_on_in_its_run_without_repeated_epochs(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    killed, trial = curves_of(ledger), trial_of(ledger, 1, 3)
    for number in (1, 2):
        killed.add(trial, epoch(number, 1))
    resumed, trial = curves_of(ledger), trial_of(ledger, 1, 3)
    trial.config["plan"]["serves"].pop("1")  # that row has its result
    repeated = {**epoch(2), "val_accuracy": 0.5}  # from the checkpoint of epoch 1
    resumed.add(trial, repeated)
    resumed.add(trial, epoch(3, 3))
    found = runs(ledger)
    assert list(found) == [FIRST, LAST]
    assert curve(found[LAST]) == [(1, 0.125), (2, 0.5), (3, 0.375)]
    assert session(found[LAST])[1] == Status.Value("STATUS_SUCCESS")


@pytest.mark.parametrize("is_complete", [True, False])
def test_a_row_that_waits_for_the_end_has_a_result_then(tmp_path: Path, is_complete: bool) -> None:
    ledger = make_ledger(tmp_path / "mine")
    curves, trial = curves_of(ledger), trial_of(ledger, 1, AT_RETURN)
    curves.add(trial, epoch(1))
    curves.end(trial, epoch(1), is_complete=is_complete)
    statuses = {name: session(run)[1] for name, run in runs(ledger).items()}
    ended = Status.Value("STATUS_SUCCESS") if is_complete else None
    assert statuses == {FIRST: None, LAST: ended}


def test_a_row_that_failed_or_was_stopped_may_still_succeed(tmp_path: Path) -> None:
    """TensorBoard keeps the first status of a run."""
    ledger = make_ledger(tmp_path / "mine")
    for is_complete in (False, True):
        curves, trial = curves_of(ledger), trial_of(ledger, 1)
        curves.add(trial, epoch(1, *([1] if is_complete else [])))
        curves.end(trial, epoch(1), is_complete=is_complete)
    [files] = [list(folder.iterdir()) for folder in (ledger.root / "tensorboard").iterdir()]
    assert len(files) == 2
    assert session(runs(ledger)[FIRST])[1] == Status.Value("STATUS_SUCCESS")
    assert b"session_end_info" not in min(files).read_bytes()


def test_a_trial_that_serves_no_row_has_no_run(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    curves, trial = curves_of(ledger), trial_of(ledger)
    curves.add(trial, epoch(1, 1))
    curves.end(trial, epoch(1), is_complete=True)
    assert not (ledger.root / "tensorboard").exists()


def test_configurations_that_a_search_adds_are_named_in_their_order(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    curves = curves_of(ledger)
    curves.add(trial_of(ledger, 1), epoch(1, 1))
    first = ledger.study["configurations"][0]
    twin = {"config_id": "feedc0ffee", "config": {**first["config"], "momentum": 0.5}}
    ledger.study["configurations"].append(twin)
    trial = SimpleNamespace(
        trial_id="u", config={"seed": 0, "plan": {"serves": {"1": ["feedc0ffee"]}}}
    )
    curves.add(trial, epoch(1, 1))  # type: ignore[arg-type]
    assert list(runs(ledger)) == ["lr0.1_epochs1_feedc0_s0", FIRST]


def test_curves_of_a_running_row_are_at_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = RemoteFolder((tmp_path / "there" / "mine").as_uri())
    with open_store(there.url) as store:
        ledger = make_ledger(store)
        ledger.save()
        curves, trial = curves_of(ledger), trial_of(ledger, 9)
        run = tmp_path / "there/mine/tensorboard" / FIRST

        def at_the_url() -> list[tuple[int, float]]:
            events = EventAccumulator(str(run))
            events.Reload()
            return curve(events)

        for number in (1, 2):
            curves.add(trial, epoch(number))
            assert at_the_url() == [(1, 0.125)], "not at every epoch"
        monkeypatch.setattr(row_curves, "PUSH_SECONDS", 0.0)
        curves.add(trial, epoch(3))
        assert at_the_url() == [(1, 0.125), (2, 0.25), (3, 0.375)]
