"""Measuring in a child process: what comes back, and that it always ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from search_spaces.errors import UserError
from tune_app.data.images import load_datasets
from tune_app.engine.user_code import ship
from tune_app.planning import probe_process
from tune_app.planning.probe_process import ProbeProcess
from tune_app.study.python_file import run_python_file
from tune_app.training.probe import EpochTimes, Probe

DATA = {"mnist": [1.0, 2.0]}


def probe(config: dict[str, Any], images: list[float], num_threads: int) -> Probe:
    """Return what the test asks for; the child imports it from here."""
    match config["what"]:
        case "measure":
            return Probe(EpochTimes(images[num_threads], 0.5), checkpoint_bytes=os.getpid())
        case "refuse":
            raise UserError("lr: too large")
        case "raise":
            raise ValueError("two\nlines")
        case "die":
            os._exit(1)
    time.sleep(600)
    raise AssertionError


def ask(process: ProbeProcess, what: str) -> Probe | str:
    return process.measure({"what": what, "dataset": "mnist"}, 1)


def child() -> ProbeProcess:
    return ProbeProcess(f"{__name__}:probe", DATA)


def test_one_child_measures_everything_and_ends() -> None:
    with child() as process:
        found, again = ask(process, "measure"), ask(process, "measure")
        assert isinstance(found, Probe) and found.seconds(3, 100, 10) == 2 * 3 * 100 + 5
        assert isinstance(again, Probe) and again.checkpoint_bytes == found.checkpoint_bytes
        assert found.memory_bytes >= found.checkpoint_bytes != os.getpid()
        with pytest.raises(UserError, match="lr: too large"):
            ask(process, "refuse")
        assert ask(process, "raise") == "ValueError: two lines" and process.is_usable
    assert not psutil.pid_exists(found.checkpoint_bytes)


def test_a_child_that_dies_measures_nothing() -> None:
    with child() as process:
        assert ask(process, "die") == "the process that measured it ended"
        assert not process.is_usable


def test_a_measurement_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_process, "LIMIT_SECONDS", 0.1)
    before = set(psutil.Process().children())
    with child() as process:
        assert ask(process, "sleep") == "a few steps of it did not end within 0 s"
        assert not process.is_usable
    assert set(psutil.Process().children()) <= before


ENDLESS_SPACE = """
from collections import deque
from itertools import repeat

from tune_app import SearchSpace, classifier

def build(config, data):
    deque(repeat(0), maxlen=0)

SPACE = SearchSpace(
    name="endless", trainable=classifier(models={"net": build}),
    param_space={"dataset": "mnist", "batch_size": 16, "optimizer": "sgd", "lr": 0.1, "epochs": 1},
)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_plan_ends_at_a_signal_while_it_measures(tmp_path: Path, number: int) -> None:
    """The loop of this model is one call of C, which hears no signal, like a solver's."""
    (tmp_path / "endless.py").write_text(ENDLESS_SPACE)
    words = ["--space", "endless.py", "--data", "sample", "--images", "300", "--plan"]
    command = [sys.executable, "-m", "tune_app.run", *words]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as plan:
        assert plan.stdout is not None
        for line in plan.stdout:
            if "measuring the speed" in line:
                break
        [measuring] = wait_for_busy_child(plan.pid)
        plan.send_signal(number)
        rest = plan.stdout.read()
        assert plan.wait() == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in rest
    measuring.wait()


def wait_for_busy_child(pid: int) -> list[psutil.Process]:
    plan = psutil.Process(pid)
    while plan.status() != psutil.STATUS_ZOMBIE:
        children = plan.children()
        if children and children[0].cpu_times().user > 4:
            return children
        time.sleep(0.2)
    raise AssertionError("the plan has ended")


FAMILY = """
from torch import nn
from tune_app import classifier

class Net(nn.Linear):
    pass

def build(config, data):
    return nn.Sequential(nn.Flatten(), Net(784, data.num_classes))

FAMILY = classifier(models={"net": build}, augment=lambda images, generator: images.flip(3))
"""


def test_a_model_of_a_users_file_is_measured(tmp_path: Path) -> None:
    (tmp_path / "space.py").write_text(FAMILY)
    family = run_python_file("--space", tmp_path / "space.py").FAMILY
    config = {"dataset": "mnist", "batch_size": 16, "optimizer": "adam", "lr": 1e-3, "epochs": 1}
    config = family.complete(config) | {"device": "cpu"}
    with ProbeProcess(ship(family.load()), load_datasets(["mnist"], "sample", 200)) as process:
        (tmp_path / "space.py").unlink()
        found = process.measure(config, 1)
    assert isinstance(found, Probe) and found.seconds(1, 100, 0) > 0
    assert found.weights_bytes == 4 * 7850 and found.checkpoint_bytes > 3 * 4 * 7850
