"""The package installed from its wheel runs a user's files in a folder of the user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.interrupted_study import Interrupted
from tests.search_spaces.test_examples import FOLDER, RUNS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray"), pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("analysis", "search_spaces", "tune_app")
FILES = ("pyproject.toml", "README.md", "LICENSE")
SCRIPT = '''\
"""Train a line with Ray Tune. Written before anybody thought of this package."""
import argparse
import json
import os
import tempfile

from ray import tune
from ray.tune import Checkpoint
from ray.tune.schedulers import ASHAScheduler

import dataset


def train_model(config):
    slope = 0.0
    start = 0
    checkpoint = tune.get_checkpoint()
    if checkpoint:
        with checkpoint.as_directory() as checkpoint_dir:
            with open(os.path.join(checkpoint_dir, "state.json")) as f:
                state = json.load(f)
        slope = state["slope"]
        start = state["step"] + 1

    points = dataset.points()
    for step in range(start, 10):
        for x, y in points:
            slope -= config["lr"] * config["momentum"] * (slope * x - y) * x
        loss = sum((slope * x - y) ** 2 for x, y in points)
        metrics = {"mean_loss": loss}
        with tempfile.TemporaryDirectory() as tempdir:
            with open(os.path.join(tempdir, "state.json"), "w") as f:
                json.dump({"slope": slope, "step": step}, f)
            tune.report(metrics, checkpoint=Checkpoint.from_directory(tempdir))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke-test", action="store_true")
    args, _ = parser.parse_known_args()
    tuner = tune.Tuner(
        tune.with_resources(train_model, resources={"cpu": 1}),
        param_space={"lr": tune.uniform(0.001, 0.1), "momentum": tune.uniform(0.1, 0.9)},
        tune_config=tune.TuneConfig(
            num_samples=1 if args.smoke_test else 50,
            metric="mean_loss",
            mode="min",
            scheduler=ASHAScheduler(),
        ),
    )
    results = tuner.fit()
    print("Best config is:", results.get_best_result().config)
'''
STUDY = """\
from ray import tune
from tune_app import SearchSpace
from their_script import train_model

SPACE = SearchSpace(
    name="study",
    trainable=train_model,
    param_space={"lr": tune.grid_search([0.01, 0.1]), "momentum": tune.grid_search([0.5, 0.9])},
    metric="mean_loss",
    mode="min",
)
"""
DATASET = "def points():\n    return [(x / 10, 3 * x / 10) for x in range(10)]\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of a new environment in which the wheel is installed.

    It has the packages of this environment too, without what is installed to be edited: Python
    reads no ``.pth`` files of a folder that another ``.pth`` file names.
    """
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-deps", "--no-index"]
    _run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    python = environment / "bin" / "python"
    _run(*pip, "--python", str(python), "install", *offline, str(wheel))
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return python


def _run(*command: str) -> str:
    # With the repository on the path, pip would find the package installed already.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=variables
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def study_in(folder: Path, python: Path, space: str, *words: str) -> Interrupted:
    """Return a study of a file in a user's folder, where nothing of the repository is found."""
    command = [str(python), "-c", "import tune_app; print(tune_app.__file__)"]
    where = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": ""}, capture_output=True, text=True, check=True
    )
    assert where.stdout.startswith(str(python.parent.parent))
    names = ("--space", f"./{space}.py", *words)
    return Interrupted(folder, names, space, str(python), {"PYTHONPATH": ""})


@pytest.mark.parametrize("name", RUNS)
def test_a_copied_example_is_a_study(tmp_path: Path, installed: Path, name: str) -> None:
    shutil.copy(FOLDER / f"{name}.py", tmp_path)
    run = RUNS[name]
    study = study_in(tmp_path, installed, name, *run.words)
    runs = study.run_both(run.killed_after)
    assert runs.num_when_killed == run.killed_after < len(runs.undisturbed)
    assert runs.resumed == runs.undisturbed and runs.num_repeated == run.num_repeated
    assert run.objective in study.report()


def test_a_script_of_tune_is_a_study_as_it_is(tmp_path: Path, installed: Path) -> None:
    (tmp_path / "their_script.py").write_text(SCRIPT)
    (tmp_path / "dataset.py").write_text(DATASET)
    (tmp_path / "study.py").write_text(STUDY)
    study = study_in(tmp_path, installed, "study")
    runs = study.run_both(15)
    assert runs.num_when_killed == 15 < len(runs.undisturbed)
    assert runs.resumed == runs.undisturbed and runs.num_repeated == 0
    assert "mean loss" in study.report()
    assert (tmp_path / "their_script.py").read_text() == SCRIPT
