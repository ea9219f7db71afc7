"""The shipped examples are studies: they run, and resumed they give the undisturbed numbers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from search_spaces.errors import UserError
from search_spaces.examples import EXAMPLES
from tests.interrupted_study import Interrupted
from tune_app.planning.space_file import code_files, load_space
from tune_app.training.registry import find_trainable
from tune_app.training.trainable import check_config

FOLDER = Path(importlib.import_module("search_spaces.examples").__file__ or "").parent
MOST_LINES = 39


class Run(NamedTuple):
    killed_after: int
    """Rows after which the driver is killed, in the middle of the second trial."""
    objective: str
    words: tuple[str, ...] = ()
    num_repeated: int = 0


RUNS = {
    "tune_function": Run(45, "validation rmse (m)"),
    "class_trainable": Run(13, "val_accuracy"),
    "rgb_cnn": Run(6, "validation accuracy (%)"),
    "image_folder": Run(3, "validation accuracy (%)", ("--images", "100")),
    # It saves no checkpoint, and is killed between the report and the return of its function.
    "table": Run(2, "validation log loss", num_repeated=1),
}
IN_EVERY_RUN = ("tune_function",)
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in RUNS if name not in IN_EVERY_RUN]


def name_of(example: str) -> str:
    return example.rpartition(".")[2]


def test_every_file_is_an_example() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(map(name_of, EXAMPLES)) == RUNS.keys()


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_short_and_names_its_command(example: str) -> None:
    text = (FOLDER / f"{name_of(example)}.py").read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert f"\ntune-app run --space {example}\n" in text or f"--space {example} " in text


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_the_space_of_its_module(example: str) -> None:
    space = load_space(example)
    assert space.name == name_of(example)
    trainable = find_trainable(space)
    for configuration in space.expand():
        check_config(example, trainable, configuration.config)
    assert f"{space.name}.py" in code_files(example, space)


def test_a_folder_that_is_not_there_is_not_filled_with_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load: Any = load_space("search_spaces.examples.image_folder").datasets["images"]
    with pytest.raises(UserError, match="flowrs: no such folder"):
        load("flowrs")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["search_spaces.examples.nothing", "nothing.at_all", ".", "a..b"])
def test_a_module_that_is_not_there_is_no_space(name: str) -> None:
    with pytest.raises(UserError, match=r"no such search space.*search_spaces\.examples\.tune"):
        load_space(name)


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("name", [*IN_EVERY_RUN, *SLOW])
def test_an_example_that_is_killed_and_resumed_equals_an_undisturbed_one(
    tmp_path: Path, name: str
) -> None:
    run = RUNS[name]
    words = ("--space", f"search_spaces.examples.{name}", *run.words)
    study = Interrupted(tmp_path, words, name)
    runs = study.run_both(run.killed_after)
    assert runs.num_when_killed == run.killed_after < len(runs.undisturbed)
    assert runs.resumed == runs.undisturbed and runs.num_repeated == run.num_repeated
    assert run.objective in study.report()
