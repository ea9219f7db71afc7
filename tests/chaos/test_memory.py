"""A trial that eats the memory, and trials whose numbers are bad: the study goes on around them."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from analysis.frames.load import load_study
from analysis.frames.tables import study_table
from tests.chaos.harness import SPACE, Driver, study_root, summary_row

pytestmark = pytest.mark.timeout(900)

HUNGRY = """
import os, resource, time
import psutil
from ray import tune
from search_spaces import SearchSpace
from tune_app.training.registry import TRAINABLES, Parameter, Trainable

def eat(num_bytes):
    now = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (now + num_bytes, now + num_bytes))
    eaten = []
    while True:
        eaten.append(bytearray(os.urandom(2**20) * 32))
        time.sleep(0.02)

def train(config, *, data, settings):
    if config["x"] == 1 and "HUNGRY" in os.environ:
        eat(int(os.environ["HUNGRY"]))
    tune.report({"epoch": 1, "milestone": 1, "status": "ok", "test_accuracy": config["x"] / 10})

TRAINABLES["hungry"] = Trainable(
    name="hungry", function=train, parameters={"x": Parameter(int)},
    label=lambda config: f"x{config['x']}", uses_images=False,
)
SPACE = SearchSpace(
    name="chaos", question="Does a hungry trial starve the others?", trainable="hungry",
    factors=("x",), param_space={"x": tune.grid_search([0, 1, 2])},
)
"""
"""Three trials; the second allocates until something stops it, at the latest ``$HUNGRY`` bytes."""

FAT = 3 * 2**30
"""How far above what the machine now uses Ray is told to step in, in bytes."""


def failed_line(driver: Driver) -> str:
    assert "Traceback" not in driver.output, driver.output
    [line] = [line for line in driver.output.splitlines() if line.startswith("failed: ")]
    return line


def check_resumed(folder: Path) -> None:
    """Check that the same command finishes the study, every number right, once all can run."""
    with Driver(folder, space=HUNGRY) as driver:
        assert driver.wait() == 0, driver.output
    assert "3 rows, 2 finished; 1 trial to run" in driver.output
    assert "3 of 3 rows are finished" in driver.output
    rows = load_study(study_root(folder)).rows
    assert dict(zip(rows["x"], rows["test_accuracy"], strict=True)) == {0: 0.0, 1: 0.1, 2: 0.2}


@pytest.mark.chaos
def test_a_trial_that_may_not_allocate_more(tmp_path: Path) -> None:
    environment = {"HUNGRY": str(2**29)}
    with Driver(tmp_path, "--max-failures", "1", space=HUNGRY, environment=environment) as driver:
        assert driver.wait() == 1, driver.output
    line = failed_line(driver)
    assert line.startswith("failed: x1-s0-") and "MemoryError: out of memory (" in line
    assert "2 of 3 rows are finished" in driver.output
    check_resumed(tmp_path)
    print(summary_row("trial's own memory limit", 1, 1, 0, True))


@pytest.mark.chaos
def test_a_trial_that_eats_the_machine(tmp_path: Path) -> None:
    memory = psutil.virtual_memory()
    if memory.available < 2 * FAT:
        pytest.skip("not enough free memory to fill safely")
    environment = {
        "HUNGRY": str(2 * FAT),
        "RAY_memory_usage_threshold": f"{(memory.total - memory.available + FAT) / memory.total}",
        "RAY_memory_monitor_refresh_ms": "100",
    }
    options = ("--max-failures", "1", "--max-concurrent", "1")
    with Driver(tmp_path, *options, space=HUNGRY, environment=environment) as driver:
        assert driver.wait() == 1, driver.output
    line = failed_line(driver)
    assert line.startswith("failed: x1-s0-") and "out of memory" in line
    assert "2 of 3 rows are finished" in driver.output
    check_resumed(tmp_path)
    print(summary_row("memory exhausted, Ray's monitor kills", 1, 1, 0, True))


@pytest.mark.chaos
def test_a_diverging_trial_is_a_result(tmp_path: Path) -> None:
    text = SPACE.replace("[2, 6]", "[1, 2]").replace('"lr": 1e-3', '"lr": 1e9')
    with Driver(tmp_path, space=text) as driver:
        assert driver.wait() == 0, driver.output
    assert "8 of 8 rows are finished" in driver.output
    assert "of them diverged: their loss or objective is not a finite number" in driver.output
    rows = load_study(study_root(tmp_path)).rows
    assert set(rows["status"]) == {"diverged"} and len(rows) == 8
    assert set(study_table(load_study(study_root(tmp_path)))["status"]) == {"diverged"}


@pytest.mark.chaos
def test_an_unconverged_svm_is_a_result(tmp_path: Path) -> None:
    text = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="chaos", question="Which kernel?", trainable="svm", factors=("kernel",),
    param_space={
        "dataset": "mnist", "C": 1, "max_iter": 1, "kernel": tune.grid_search(["poly", "rbf"]),
    },
)
"""
    with Driver(tmp_path, space=text) as driver:
        assert driver.wait() == 0, driver.output
    assert "2 of them did not converge within max_iter" in driver.output
    rows = load_study(study_root(tmp_path)).rows
    assert set(rows["status"]) == {"unconverged"} and rows["test_accuracy"].notna().all()
    assert set(study_table(load_study(study_root(tmp_path)))["status"]) == {"unconverged"}
