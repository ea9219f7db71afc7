"""What a person sees of a study in a browser: TensorBoard, and the dashboard of a cluster."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.browser import Page, chromium, needs_chromium
from tests.chaos.harness import SPACE, Driver, study_root, study_words
from tests.chaos.head_node import DASHBOARD, head_node, job, takes_jobs, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900), needs_chromium]

NUM_EPOCHS = 3
FOUR_TRIALS = SPACE.replace('"lr": 1e-3', '"lr": tune.grid_search([1e-3, 1e-4])')
FOUR_TRIALS = FOUR_TRIALS.replace('"optimizer", "pin', '"optimizer", "lr", "pin')
SHORT = FOUR_TRIALS.replace("[2, 6]", f"[2, {NUM_EPOCHS}]")
LONG = FOUR_TRIALS.replace("[2, 6]", "[2, 60]")
NUM_ROWS = 16
NAME = re.compile(r"mnist_resnet18_(sgd|adam)_lr0\.0{2,3}1_(no_)?pin_memory_epochs[23]_s0")


@pytest.fixture(scope="module")
def tensorboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """TensorBoard's address, as it shows a finished study."""
    folder = tmp_path_factory.mktemp("study")
    with Driver(folder, space=SHORT) as driver:
        assert driver.wait() == 0, driver.output
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("tensorboard")), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--logdir", str(study_root(folder) / "tensorboard")]
    with (folder / "tensorboard.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: len(runs(address)) == NUM_ROWS, "TensorBoard has read the study")
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "pictures") as page:
        yield page


def runs(address: str) -> list[str]:
    """Return the names of TensorBoard's runs."""
    try:
        return list(answer(f"{address}/data/runs"))
    except OSError:
        return []


def answer(address: str) -> Any:
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=10) as stream:  # noqa: S310
        return json.load(stream)


def test_runs_of_tensorboard_are_the_rows_by_name(tensorboard: str, page: Page) -> None:
    names = runs(tensorboard)
    assert all(NAME.fullmatch(name) for name in names), names
    page.open(f"{tensorboard}/#timeseries")
    page.wait_for("accuracy", "loss", "time", *names)
    page.picture("timeseries")
    for name in names:
        query = f"tag=accuracy/val&run={name}"
        points = answer(f"{tensorboard}/data/plugin/scalars/scalars?{query}")
        num_epochs = int(name.partition("_epochs")[2].partition("_")[0])
        assert [step for _, step, _ in points] == list(range(1, num_epochs + 1))


def test_tensorboard_compares_trials_by_factors_and_metrics(tensorboard: str, page: Page) -> None:
    names = runs(tensorboard)
    page.open(f"{tensorboard}/#hparams")
    text = page.wait_for("TABLE VIEW", f"Number of matching session groups: {NUM_ROWS}", *names)
    page.picture("hparams")
    columns = text.partition("Show Metrics")[2].partition("mnist_resnet18")[0].split()
    assert set(columns[:5]) == {"epochs", "lr", "optimizer", "pin_memory", "seed"}
    metrics = ["accuracy/val", "accuracy/test", "loss/val", "loss/test", "precision/test"]
    assert columns[5:] == metrics
    [tab] = page.find_shown("paper-tab", "PARALLEL COORDINATES")
    tab.click()
    wait_until(lambda: len(page.find("svg .foreground path")) == NUM_ROWS, "a line for each trial")
    page.picture("parallel_coordinates")
    axes = {element.text for element in page.find("svg text")}
    assert axes >= {"optimizer", "sgd", "adam", "lr", "accuracy/val", "accuracy/test"}


def test_the_dashboard_asks_for_a_token(tmp_path: Path, page: Page) -> None:
    (tmp_path / "my_space.py").write_text(LONG)
    command = [sys.executable, "-m", "tune_app.run", *study_words(tmp_path)]
    with head_node(tmp_path / "head.log") as variables:
        wait_until(lambda: takes_jobs(variables), "the head takes jobs")
        job("submit", "--submission-id", "study", "--no-wait", "--", *command, variables=variables)
        page.open(f"{DASHBOARD}/#/jobs")
        text = page.wait_for("Authentication Token Required", "ray get-auth-token")
        assert "study" not in text, "nothing is shown to whoever has no token"
        page.picture("login")
        [field] = page.find_shown("input[type=password]")
        field.send_keys(variables["RAY_AUTH_TOKEN"])
        page.find_shown("button", "SUBMIT")[0].click()
        page.wait_for("RUNNING")
        page.open(f"{DASHBOARD}/#/jobs")
        page.wait_for("study", "tune_app.run", "RUNNING")
        page.picture("jobs")

        page.open(f"{DASHBOARD}/#/jobs")
        page.wait_for("study")
        wait_until(lambda: bool(page.find("a[href*='/jobs/0']")), "the driver is listed")
        page.find("a[href*='/jobs/0']")[0].click()
        page.wait_for("16 rows", "4 trials to run", reload_seconds=10)
        page.picture("job")

        page.open(f"{DASHBOARD}/#/actors")
        page.wait_for(":train_classifier", "ALIVE")
        page.picture("actors")
