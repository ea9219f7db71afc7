"""Each peer runs every configuration of its grid once, and notes what is measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.benchmarks import plain_script
from tests.benchmarks.events import read_events
from tests.benchmarks.peers import agents, optuna_study, plain_loop, trial
from tests.benchmarks.peers.summary import run_of_events
from tests.benchmarks.peers.work import EVENTS, FOLDER, Grid


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A peer's folder; the number of torch's threads stays, and agents start no process."""

    def run(program: list[str], **_named: Any) -> None:
        assert program[1:3] == ["-m", trial.__name__]
        trial.main(program[3:])

    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    monkeypatch.setattr(agents, "subprocess", SimpleNamespace(run=run))
    return tmp_path


@pytest.mark.parametrize("main", [plain_loop.main, optuna_study.main, agents.main])
def test_each_configuration_runs_once_after_all_were_handed_over(
    main: Callable[[Grid], None], folder: Path
) -> None:
    main({"number": [0, 1, 2], "epochs": [0]})
    handed_over, *ended = read_events(folder / EVENTS)
    assert sorted(event["config"]["number"] for event in ended) == [0, 1, 2]
    run = run_of_events(0.0, ended[-1]["time"], [handed_over, *ended], 2)
    assert run.handed_over == handed_over["time"] and len(run.trials) == 3


@pytest.mark.parametrize("main", [plain_loop.main, agents.main])
def test_a_configuration_reaches_the_training_as_it_is_in_the_grid(
    main: Callable[[Grid], None], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def epochs(place: str, num_images: int, config: dict[str, Any]) -> list[dict[str, float]]:
        assert (place, num_images) == (str(folder), 800)
        names = ("model", "optimizer", "batch_size", "epochs")
        assert [config[name] for name in names] == ["resnet18", "adam", 16, 2]
        return [{"epoch": 1, "epoch_seconds": 3.0}, {"epoch": 2, "epoch_seconds": 2.5}]

    monkeypatch.setattr(plain_script, "epochs", epochs)
    main({"model": ["resnet18"], "batch_size": [16], "optimizer": ["adam"], "epochs": [2]})
    assert read_events(folder / EVENTS)[-1]["epoch_seconds"] == [3.0, 2.5]
