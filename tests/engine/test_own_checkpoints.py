"""The epochs of a user's function that was offered a checkpoint, without Ray."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ray import tune

from tests.engine.test_own_reports import FakeSession
from tune_app.engine import own_function
from tune_app.engine.own_function import FAILURE, OwnTrial
from tune_app.storage.local_store import LocalStore
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.own_checkpoint import write_own_index

Rows = list[dict[str, Any]]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    session = FakeSession()
    for module in ("ray.train._internal.session", "ray.tune.trainable.trainable_fn_utils"):
        monkeypatch.setattr(f"{module}.get_session", lambda: session)
    monkeypatch.setattr(own_function, "prepare_process", lambda: None)
    monkeypatch.setattr(own_function, "fixed_threads", contextlib.nullcontext)
    return session


def rows_of(
    function: Callable[..., Any], folder: Path, session: FakeSession, *, epoch: int, shift: int = 0
) -> Rows:
    """Return what a function reports that is offered a checkpoint of an epoch."""
    saved = folder / "checkpoint_000000"
    saved.mkdir()
    (saved / "state.txt").write_text(str(epoch - shift))
    write_own_index(saved, "key", epoch, shift)
    trial = SimpleNamespace(
        milestones=(5,),
        rungs=(),
        trial_key="key",
        store=LocalStore(folder),
        directory=folder,
        candidates=lambda: [saved],
        num_threads=lambda: 1,
        conditions=dict,
    )
    settings = LaunchSettings(str(folder), metric="loss", mode="min")
    shipped = SimpleNamespace(load=lambda: function, uses_torch=False)
    own = OwnTrial(trial, {"seed": 0, "plan": {}}, settings)  # type: ignore[arg-type]
    own.run(shipped, None)  # type: ignore[arg-type]
    return [row for row, _ in session.reported]


def never_asks(config: dict[str, Any]) -> None:
    for step in range(1, 8):
        tune.report({"loss": 1.0, "step": step})


def asks_late(config: dict[str, Any]) -> None:
    for step in range(1, 8):
        tune.report({"loss": 1.0, "step": step})
        tune.get_checkpoint()


def goes_on(config: dict[str, Any]) -> None:
    with tune.get_checkpoint().as_directory() as folder:
        first = int(Path(folder, "state.txt").read_text()) + 1
    for step in range(first, 8):
        assert tune.get_checkpoint() is not None
        tune.report({"loss": 1.0, "step": step})


@pytest.mark.parametrize("function", [never_asks, asks_late])
def test_without_asking_for_its_checkpoint_it_begins_with_the_first_epoch(
    tmp_path: Path, session: FakeSession, function: Callable[..., None]
) -> None:
    rows = rows_of(function, tmp_path, session, epoch=3, shift=1)
    assert [(row["epoch"], row["step"]) for row in rows] == [(n, n) for n in range(1, 6)]
    assert [row.get("milestone") for row in rows] == [None, None, None, None, 5]
    assert [row.get("checkpoint_note") for row in rows[:2]] == [
        "its function starts from scratch, because it did not ask for its checkpoint of epoch 3 "
        "with tune.get_checkpoint()",
        None,
    ]


def test_a_function_that_asks_goes_on_counting(tmp_path: Path, session: FakeSession) -> None:
    rows = rows_of(goes_on, tmp_path, session, epoch=3)
    assert [(row["epoch"], row["step"]) for row in rows] == [(4, 4), (5, 5)]
    assert not any("checkpoint_note" in row for row in rows)


def test_only_a_function_that_goes_on_may_return_without_a_report(
    tmp_path: Path, session: FakeSession
) -> None:
    [failed] = rows_of(lambda config: None, tmp_path, session, epoch=5)
    assert "it returned without a report" in failed[FAILURE]
    session.reported.clear()
    other = tmp_path / "other"
    other.mkdir()
    assert rows_of(lambda config: print(tune.get_checkpoint()), other, session, epoch=5) == []


@pytest.mark.parametrize(
    "value",
    [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5, requires_grad=True), {"loss": 0.5}],
)
def test_a_function_may_return_the_objective_alone(
    tmp_path: Path, session: FakeSession, value: Any
) -> None:
    [row] = rows_of(lambda config: value, tmp_path, session, epoch=3)
    assert row["loss"] == 0.5


@pytest.mark.parametrize("value", [(0.5, 0.3), [{"loss": 0.5}], "done", True, 1j, torch.zeros(2)])
def test_what_is_no_result_is_named(tmp_path: Path, session: FakeSession, value: Any) -> None:
    def yields(config: dict[str, Any]) -> Iterator[Any]:
        yield 0.7
        yield None
        yield value

    kind, folders = type(value).__name__, (tmp_path / "returned", tmp_path / "yielded")
    for folder, function in zip(folders, (lambda config: value, yields), strict=True):
        folder.mkdir()
        *rows, failed = rows_of(function, folder, session, epoch=3)
        assert [row["loss"] for row in rows] == ([0.7] if function is yields else [])
        assert failed[FAILURE] == (
            f"it {folder.name} a value of type {kind}; allowed: a dict of results, or the "
            "objective alone, as a number\n"
        )
        session.reported.clear()


def test_a_number_is_no_result_beside_reports_of_an_earlier_launch(
    tmp_path: Path, session: FakeSession
) -> None:
    def exit_status(config: dict[str, Any]) -> int:
        assert tune.get_checkpoint() is not None
        return 0

    assert rows_of(exit_status, tmp_path, session, epoch=3) == []
