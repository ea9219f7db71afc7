"""One command for everything, from any folder."""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tune_app.cli import main as commands
from tune_app.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "import sys\nfrom tune_app.__main__ import main\nsys.exit(main())\n"
"""What pip writes for an entry of ``project.scripts``."""
USERS_FILES = ("analysis.py", "random.py", "search_spaces.py", "tune_app/__init__.py")
HEAVY = "{'ray', 'torch', 'pandas', 'numpy', 'analysis'}"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return the installed console script; beside it nothing can be imported."""
    path = tmp_path / "bin" / "tune-app"
    path.parent.mkdir()
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return a folder of a user's whose files have the names of ours and of Python's."""
    folder = tmp_path / "crowded"
    for name in USERS_FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise ImportError('the user\\'s own file')\n")
    return folder


def call(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_package_installs_the_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"tune-app": "tune_app.__main__:main"}


def test_help_names_every_subcommand_and_imports_none(tmp_path: Path) -> None:
    code = f"import sys; from tune_app.cli.main import main; main(['--help']); print({HEAVY} & "
    done = call(["-c", code + "sys.modules.keys())"], tmp_path)
    *text, heavy = done.stdout.splitlines()
    assert heavy == "set()" and done.returncode == 0
    for name, meaning in COMMANDS.items():
        assert any(line.split(maxsplit=1) == [name, meaning] for line in text)


def test_the_help_of_a_subcommand(script: Path, crowded: Path) -> None:
    done = call([str(script), "run", "--help"], crowded)
    assert done.returncode == 0 and done.stdout.startswith("usage: tune-app run "), done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_from_a_crowded_folder(script: Path, crowded: Path, name: str) -> None:
    done = call([str(script), name, "--nonsense"], crowded)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.endswith(f"; see tune-app {name} --help\n")


def test_the_name_that_was_typed(tmp_path: Path) -> None:
    for typed in (["-m", "tune_app.status"], ["-m", "tune_app", "status"]):
        done = call([*typed, "--nonsense"], tmp_path)
        assert done.stderr.endswith(f"; see python {' '.join(typed)} --help\n")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (
            [],
            "a command is missing; allowed: init, run, list, status, show, best, predict, report, ",
        ),
        (["runn"], "runn: no such command; did you mean 'run'?; allowed: init, run, "),
        (["--space", "q1a"], "--space: no such command; allowed: init, run, "),
    ],
)
def test_a_mistake_is_one_line(script: Path, tmp_path: Path, words: list[str], part: str) -> None:
    done = call([str(script), *words], tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"error: {part}") and done.stderr.count("\n") == 1


def test_ctrl_c_while_a_command_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_load", interrupted)
    assert commands.main(["run"]) == 130


SPACE = """
from __future__ import annotations
from dataclasses import dataclass
from ray import tune
from rates import RATES, doubled
from search_spaces import SearchSpace
from tune_app.training.parameter import Parameter
from tune_app.training.registry import TRAINABLES, Trainable

@dataclass
class Point:
    x: int

def train(config, *, data, settings):
    import random
    from rates import RATES
    row = {"epoch": 1, "milestone": 1, "val_rmse": doubled(Point(config["x"]).x) / len(RATES)}
    tune.report({**row, "random": random.__file__})

TRAINABLES["toy"] = Trainable(name="toy", function=train, parameters={"x": Parameter(int)},
                              label=lambda config: f"x{config['x']}", uses_images=False)
SPACE = SearchSpace(name="mine", question="Which é?", trainable="toy", factors=("x",),
                    param_space={"x": tune.grid_search(range(1, 3))}, metric="val_rmse", mode="min")
"""


@pytest.mark.xdist_group("ray")
def test_a_study_from_a_crowded_folder_whose_output_goes_away(script: Path, crowded: Path) -> None:
    (crowded / "my_space.py").write_text(SPACE)
    (crowded / "rates.py").write_text("RATES = [1, 2]\ndef doubled(x):\n    return 2 * x\n")
    run = shlex.join([sys.executable, str(script), "run", "--space", "my_space.py"])
    command = f"{run} --results-dir '../sp ace' | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=crowded, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "starting Ray\n" and "its reader has gone); the study goes" in done.stderr
    state = call([str(script), "status", "../sp ace/mine", "--json"], crowded)
    assert json.loads(state.stdout)["rows"]["finished"] == 2
    results = list(crowded.parent.glob("sp ace/mine/tune/001/*/result.json"))
    rows = [json.loads(path.read_text()) for path in results]
    assert {(row["val_rmse"], row["random"]) for row in rows} == {
        (1, random.__file__),
        (2, random.__file__),
    }
