"""A user's function or class whose study is killed, damaged, widened and continued."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.harness import Driver
from tests.recorded import read_rows

pytestmark = pytest.mark.xdist_group("ray")

FUNCTION = """
import json, os, tempfile, time
import torch
from ray import tune
from tune_app import SearchSpace

def train(config):
    torch.manual_seed(0)
    inputs = torch.linspace(-1, 1, 16).reshape(-1, 1)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"], momentum=0.9)
    start = 0
    checkpoint = tune.get_checkpoint()
    if checkpoint:
        with checkpoint.as_directory() as folder:
            path = os.path.join(folder, "checkpoint.pt")
            model_state, optimizer_state, epoch = torch.load(path)
        model.load_state_dict(model_state)
        optimizer.load_state_dict(optimizer_state)
        start = epoch + 1
    for epoch in range(start, 8):
        loss = torch.nn.functional.mse_loss(model(inputs), 3 * inputs + 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        time.sleep(float(os.environ.get("SECONDS_OF_AN_EPOCH", 0)))
        with tempfile.TemporaryDirectory() as folder:
            state = (model.state_dict(), optimizer.state_dict(), epoch)
            torch.save(state, os.path.join(folder, "checkpoint.pt"))
            checkpoint = tune.Checkpoint.from_directory(folder)
            tune.report({"epoch": epoch, "loss": loss.item()}, checkpoint=checkpoint)

SPACE = SearchSpace(
    name="own", trainable=train, metric="loss", mode="min",
    param_space={"lr": tune.grid_search([0.1, 0.01])},
)
"""

CLASS = """
import json, os, time
from pathlib import Path
from ray import tune
from tune_app import SearchSpace

class Halves(tune.Trainable):
    def setup(self, config):
        self.x = 1.0

    def step(self):
        time.sleep(float(os.environ.get("SECONDS_OF_AN_EPOCH", 0)))
        self.x *= self.config["factor"]
        return {"loss": self.x, "steps_before": self.iteration}

    def save_checkpoint(self, folder):
        (Path(folder) / "x.json").write_text(json.dumps(self.x))

    def load_checkpoint(self, folder):
        self.x = json.loads((Path(folder) / "x.json").read_text())

SPACE = SearchSpace(
    name="own", trainable=Halves, metric="loss", mode="min", prefix_axis="epochs",
    param_space={"factor": 0.5, "epochs": tune.grid_search([2, 4])},
)
"""


NEVER_READS = """
import json, tempfile
from pathlib import Path
from ray import tune
from tune_app import SearchSpace

def train(config):
    for step in range(1, config["epochs"] + 1):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "step.json").write_text(json.dumps(step))
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"loss": 1 / step, "steps_before": step - 1}, checkpoint=saved)

SPACE = SearchSpace(
    name="own", trainable=train, metric="loss", mode="min", prefix_axis="epochs",
    param_space={"epochs": tune.grid_search([2])},
)
"""


def run(folder: Path, space: str, *arguments: str) -> str:
    """Run a study to its end and return what was printed."""
    folder.mkdir(exist_ok=True)
    (folder / "my_space.py").write_text(space)
    with Driver(folder, *arguments) as driver:
        assert driver.wait() == 0, driver.output
        return driver.output


def run_until_killed(folder: Path, space: str, num_trials: int, num_rows: int) -> None:
    """Kill the driver when each trial has a number of rows."""

    def is_due() -> bool:
        files = list(root(folder).glob("tune/001/*/result.json"))
        return len(files) == num_trials and all(len(read_rows(f)) >= num_rows for f in files)

    seconds = {"SECONDS_OF_AN_EPOCH": "1"}
    with Driver(folder, space=space, environment=seconds) as driver:
        assert driver.wait_for(is_due), driver.output
        driver.kill()
        driver.wait_until_ray_is_gone()
    time.sleep(0.1)


def root(folder: Path) -> Path:
    return folder / "results" / "own"


def trials(folder: Path, launch: str) -> dict[str, Path]:
    """Return the name of each trial of a launch -> its directory."""
    return {
        path.parent.name: path.parent for path in root(folder).glob(f"tune/{launch}/*/params.json")
    }


def rows(directory: Path) -> list[dict[str, Any]]:
    return read_rows(directory / "result.json")


def results(*directories: Path) -> dict[int, dict[str, Any]]:
    """Return epoch -> what the function reported, of the launches of a trial."""
    names = ("loss", "steps_before", "milestone")
    return {
        row["epoch"]: {name: row[name] for name in names if name in row}
        for directory in directories
        for row in rows(directory)
    }


def epochs(directory: Path) -> list[int]:
    return [row["epoch"] for row in rows(directory)]


def saved_epochs(directory: Path) -> dict[int, Path]:
    """Return the epochs of the whole checkpoints of a trial in a launch."""
    found = directory.glob("checkpoint_*/.tune_app.json")
    return {json.loads(index.read_text())["epoch"]: index.parent for index in found}


@pytest.mark.slow
def test_a_killed_function_goes_on_from_its_checkpoint_and_ends_as_if_undisturbed(
    tmp_path: Path,
) -> None:
    run(tmp_path / "undisturbed", FUNCTION)
    killed = tmp_path / "killed"
    killed.mkdir()
    run_until_killed(killed, FUNCTION, 2, 4)
    one, other = sorted(trials(killed, "001"))
    saved = {name: saved_epochs(path) for name, path in trials(killed, "001").items()}
    # One trial loses the end of its newest checkpoint, the other one of all. The very newest may be
    # of an epoch that was not recorded any more; it is not gone on from.
    before, newest = sorted(saved[one].keys() & epochs(trials(killed, "001")[one]))[-2:]
    damaged = [saved[one][newest], *saved[other].values()]
    for path in damaged:
        content = (path / "checkpoint.pt").read_bytes()
        (path / "checkpoint.pt").write_bytes(content[:-10])
    output = run(killed, FUNCTION)
    assert "2 of 2 rows are finished" in output
    first, second = trials(killed, "001"), trials(killed, "002")
    assert epochs(second[one]) == list(range(before + 1, 9))
    assert epochs(second[other]) == list(range(1, 9))
    notes = {name: rows(second[name])[0]["checkpoint_note"] for name in (one, other)}
    assert notes[one].endswith(f"; goes on after epoch {before}")
    assert notes[other].endswith("; starts from scratch") and "bytes of" in notes[other]
    for name, directory in trials(tmp_path / "undisturbed", "001").items():
        assert epochs(directory) == list(range(1, 9)), "the function counts from 0"
        assert results(first[name], second[name]) == results(directory)
        kept = {**saved_epochs(first[name]), **saved_epochs(second[name])}
        assert list(kept) == [8] and list(saved_epochs(directory)) == [8]
    run(killed, FUNCTION)
    assert not trials(killed, "003"), "nothing is left to run"


@pytest.mark.slow
def test_a_class_shares_a_trial_and_is_widened_without_training_an_epoch_twice(
    tmp_path: Path,
) -> None:
    wider = CLASS.replace("[2, 4]", "[2, 4, 6]")
    run(tmp_path / "alone", wider, "--no-sharing")
    run(tmp_path / "shared", CLASS)
    run(tmp_path / "shared", wider)
    [(name, first)] = trials(tmp_path / "shared", "001").items()
    [(wider_name, second)] = trials(tmp_path / "shared", "002").items()
    assert (epochs(first), epochs(second)) == ([1, 2, 3, 4], [5, 6])
    assert name.rpartition("-")[2] == wider_name.rpartition("-")[2], "it is the same trial"
    assert results(first, second) == {
        epoch: {"loss": 0.5**epoch, "steps_before": epoch - 1}
        | ({"milestone": epoch} if epoch in (2, 4, 6) else {})
        for epoch in range(1, 7)
    }
    alone = [results(path) for path in trials(tmp_path / "alone", "001").values()]
    assert sorted(map(max, alone)) == [2, 4, 6], "each row has a trial of its own"
    for found in alone:
        last = max(found)
        assert found[last] == results(first, second)[last]
    assert [*saved_epochs(first), *saved_epochs(second)] == [6]


@pytest.mark.slow
def test_a_function_that_never_reads_its_checkpoint_counts_from_the_first_epoch(
    tmp_path: Path,
) -> None:
    run(tmp_path, NEVER_READS)
    output = run(tmp_path, NEVER_READS.replace("[2]", "[2, 4]"))
    [wider] = trials(tmp_path, "002").values()
    assert results(wider) == {
        epoch: {"loss": 1 / epoch, "steps_before": epoch - 1}
        | ({"milestone": 4} if epoch == 4 else {})
        for epoch in (1, 2, 3, 4)
    }
    assert (
        "its function starts from scratch, because it did not ask for its checkpoint of epoch 2"
    ) in output
