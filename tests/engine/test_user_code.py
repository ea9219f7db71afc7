"""A user's own training function reaches a process that has none of the user's modules."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray import cloudpickle

from search_spaces.errors import UserError
from tune_app.engine.user_code import away_from_users_files, portable, ship
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


KINDS = """
from __future__ import annotations
import functools
from dataclasses import dataclass
from pathlib import Path
from helper_of_shapes import area

HERE = Path(__file__).parent

@dataclass
class Size:
    width: int = 2

def function(config, factor=1):
    @dataclass
    class Inside:
        height: int
    inside = Inside(config["height"])
    return factor * area(Size().width, inside.height) + len((HERE / "five.txt").read_text())

def decorated_with(function):
    @functools.wraps(function)
    def wrapper(config):
        return function(config)
    return wrapper

class Work:
    def __init__(self, factor=1):
        self.factor = factor
    def __call__(self, config):
        return function(config, self.factor)
    def method(self, config):
        return function(config, self.factor)
    @classmethod
    def of_class(cls, config):
        return cls(4)(config)
    @staticmethod
    def static(config):
        return function(config, 5)

class Stepped:
    def step(self):
        return function(self.config)

decorated = decorated_with(function)
partial = functools.partial(function, factor=2)
partial_of_partial = functools.partial(functools.partial(function), factor=3)
callable_object, method = Work(2), Work(3).method
of_class, static = Work.of_class, Work.static
unnamed = lambda config: function(config, 6)
"""
LOAD = """
import pickle, pathlib, sys
from tune_app.engine.user_code import Shipped
shipped = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
for _ in range(2):
    work = shipped.load()
    if isinstance(work, type):
        work.config = {"height": 5}
        print(work().step())
    else:
        print(work({"height": 5}))
print(shipped.modules[0], shipped.uses_torch)
"""


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        *[("function", 1), ("decorated", 1), ("partial", 2), ("partial_of_partial", 3)],
        *[("callable_object", 2), ("method", 3), ("of_class", 4), ("static", 5), ("unnamed", 6)],
        ("Stepped", 1),
    ],
)
def test_every_kind_of_function_arrives_with_its_file_and_its_helpers(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, factor: int
) -> None:
    (folder / "kinds.py").write_text(KINDS)
    (folder / "five.txt").write_text("12345")
    monkeypatch.chdir(tmp_path)  # the file is named by a relative path
    work = getattr(run_python_file("--space", Path("files/kinds.py")), name)
    (tmp_path / "shipped").write_bytes(pickle.dumps(ship(work)))
    (folder / "helper_of_shapes.py").unlink()
    words = [sys.executable, "-c", LOAD, str(tmp_path / "shipped")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    result = str(factor * 2 * 5 + 5)
    first, second, rest = done.stdout.splitlines()
    assert (first, second) == (result, result)
    assert rest.startswith("_file_kinds_") and rest.endswith(" False")


@pytest.mark.parametrize(
    ("text", "uses_torch"),
    [("import torch\n", True), ("from torch import nn\n", True), ("", False)],
)
def test_a_file_that_names_torch_uses_it(folder: Path, text: str, uses_torch: bool) -> None:
    (folder / "space.py").write_text(f"{text}def train(config): pass\n")
    assert ship(run_python_file("--space", folder / "space.py").train).uses_torch == uses_torch


def test_an_object_of_a_users_class_can_be_pickled_in_a_worker(
    tmp_path: Path, folder: Path
) -> None:
    (folder / "space.py").write_text(
        "import pickle\nclass Model: pass\n"
        "def train(config):\n"
        "    assert type(pickle.loads(pickle.dumps(Model()))) is Model\n"
        "    return config['height']\n"
    )
    shipped = ship(run_python_file("--space", folder / "space.py").train)
    (tmp_path / "shipped").write_bytes(pickle.dumps(shipped))
    words = [sys.executable, "-c", LOAD, str(tmp_path / "shipped")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[:2] == ["5", "5"], done.stderr


@pytest.mark.parametrize("name", TRAINABLES)
def test_a_function_of_the_package_travels_by_name(name: str) -> None:
    function = TRAINABLES[name].load()
    assert portable(function) is function


def test_a_named_function_is_imported_only_where_it_runs(tmp_path: Path) -> None:
    (tmp_path / "far_away.py").write_text(
        "def train(config, *, data, settings):\n"
        "    settings.write_text(str(config['height'] + 1))\n"
    )
    train = portable("far_away:train")
    assert train.__name__ == "train"
    assert run_elsewhere(tmp_path, cloudpickle.dumps(train)) == "6"


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
