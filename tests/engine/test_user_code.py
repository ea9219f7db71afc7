"""A user's own training function reaches a process that has none of the user's modules."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray import cloudpickle

from search_spaces.errors import UserError
from tune_app.engine.user_code import away_from_users_files, portable
from tune_app.study.python_file import run_python_file
from tune_app.training.registry import TRAINABLES

FILE = """
from __future__ import annotations
from dataclasses import dataclass
import helper_of_shapes
from helper_of_shapes import area

@dataclass
class Size:
    width: int = 2

def train(config, *, data, settings):
    from helper_imported_late import EXTRA
    @dataclass
    class Inside:
        height: int
    got = area(Size().width, Inside(config["height"]).height) + helper_of_shapes.MARGIN + EXTRA
    settings.write_text(str(got))
"""
RUN = """
import pickle, pathlib, sys
train = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
train({"height": 5}, data={}, settings=pathlib.Path(sys.argv[1] + ".out"))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "space.py").write_text(FILE)
    (folder / "helper_imported_late.py").write_text("EXTRA = 100")
    (folder / "helper_of_shapes.py").write_text(
        "MARGIN = 1\ndef area(width, height):\n    return width * height\n"
    )
    yield folder
    for name in ("helper_of_shapes", "helper_imported_late"):
        sys.modules.pop(name, None)


def run_elsewhere(tmp_path: Path, pickled: bytes) -> str:
    file = tmp_path / "function"
    file.write_bytes(pickled)
    subprocess.run([sys.executable, "-c", RUN, str(file)], check=True, cwd=tmp_path)
    return Path(f"{file}.out").read_text()


def test_it_runs_where_the_files_are(tmp_path: Path, folder: Path) -> None:
    train = run_python_file("--space", folder / "space.py").train
    pickled = cloudpickle.dumps(portable(train))
    assert run_elsewhere(tmp_path, pickled) == "111"


def test_what_was_imported_travels(tmp_path: Path, folder: Path) -> None:
    train = run_python_file("--space", folder / "space.py").train
    pickled = cloudpickle.dumps(portable(train))
    (folder / "helper_of_shapes.py").unlink()
    assert run_elsewhere(tmp_path, pickled) == "111"


def test_a_module_that_cannot_be_pickled_is_left_to_its_name(tmp_path: Path, folder: Path) -> None:
    with (folder / "helper_of_shapes.py").open("a") as stream:
        stream.write("import threading\nLOCK = threading.Lock()\n")
    train = run_python_file("--space", folder / "space.py").train
    assert run_elsewhere(tmp_path, cloudpickle.dumps(portable(train))) == "111"


def test_what_cannot_travel_is_said_in_one_line(folder: Path) -> None:
    (folder / "space.py").write_text(
        "import threading\nLOCK = threading.Lock()\ndef train(config):\n    LOCK.acquire()\n"
    )
    train = run_python_file("--space", folder / "space.py").train
    with pytest.raises(UserError, match=r"function train cannot be sent to workers \(.*lock"):
        portable(train)


@pytest.mark.parametrize("name", TRAINABLES)
def test_a_function_of_the_package_travels_by_name(name: str) -> None:
    function = TRAINABLES[name].load()
    assert portable(function) is function


FAMILY = """
from dataclasses import dataclass
from helper_of_shapes import area
from tune_app import classifier

@dataclass
class Size:
    width: int

def build(config, data):
    from helper_imported_late import EXTRA
    return area(Size(2).width, config["height"]) + EXTRA

FAMILY = classifier(models={"cnn": build}, loss=lambda outputs, labels: Size(9).width)
"""
RUN_FAMILY = """
import pickle, pathlib, sys
import tune_app.training.classifier as shipped
def train(config, *, data, settings, family):
    settings.write_text(f"{family.models['cnn'](config, data)} {family.loss(1, 2)}")
shipped.train_classifier = train
"""


def test_the_functions_of_a_family_of_models_travel(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "space.py").write_text(FAMILY)
    family = run_python_file("--space", folder / "space.py").FAMILY
    pickled = cloudpickle.dumps(portable(family.load()))
    for file in folder.iterdir():
        file.unlink()
    monkeypatch.setattr(f"{__name__}.RUN", RUN_FAMILY + RUN)
    assert run_elsewhere(tmp_path, pickled) == "110 9"


def test_ray_starts_where_no_module_of_the_users_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["/elsewhere", str(tmp_path)])  # of the space's file
    with away_from_users_files():
        assert Path.cwd() == Path("/")
    assert Path.cwd() == tmp_path
    for folder in ("", str(tmp_path)):  # as with `python -m`, whose modules workers need too
        monkeypatch.setattr(sys, "path", [folder])
        with away_from_users_files():
            assert Path.cwd() == tmp_path
