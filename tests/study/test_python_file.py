"""A user's Python file, run as Python would run it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.study.python_file import modules_beside, run_python_file


@pytest.fixture(autouse=True)
def imports_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what a test imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, **files: str) -> Path:
    """Write Python files into a folder of its own and return the first."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder / f"{next(iter(files))}.py"


DATACLASS = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Settings:
    lr: float = 0.5
"""


def test_a_dataclass_with_postponed_annotations(tmp_path: Path) -> None:
    module = run_python_file("--space", write(tmp_path, space=DATACLASS))
    assert module.Settings().lr == 0.5
    assert module.__name__ not in sys.modules, "what it defines travels by value"


def test_a_module_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "of the user"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "deeper.py").write_text("DEPTH = 2")
    path = write(
        folder,
        space="from grids_of_a_test import RATES\nfrom tools.deeper import DEPTH",
        grids_of_a_test="RATES = [0.1]",
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for where, name in ((elsewhere, path), (folder, Path("space.py"))):
        monkeypatch.chdir(where)
        module = run_python_file("--space", name)
        assert module.RATES == [0.1] and module.DEPTH == 2
    names = {m.__name__ for m in modules_beside(folder)}
    assert names == {"grids_of_a_test", "tools", "tools.deeper"}


@pytest.mark.parametrize("name", ["random", "analysis", "search_spaces", "queue"])
def test_a_file_beside_it_hides_no_module_of_the_program(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, space=f"import {name} as found", **{name: "raise ValueError('mine')"})
    found = run_python_file("--space", path).found
    assert not str(found.__file__).startswith(str(tmp_path))


def test_a_name_that_is_taken_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, space="from random import grid", random="grid = 1")
    with pytest.raises(UserError, match=r"random\.py beside the file is hidden by another module"):
        run_python_file("--space", path)


def test_a_mistake_beside_the_file_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, space="import broken_of_a_test", broken_of_a_test="x = (")
    with pytest.raises(UserError, match=r"broken_of_a_test\.py, line 1: '\(' was never closed"):
        run_python_file("--space", path)


def test_claims_may_use_what_a_space_may(tmp_path: Path) -> None:
    from analysis.checks.claims.command import load_claims

    path = write(
        tmp_path,
        claims=f"{DATACLASS}\nfrom judged_by_a_test import CLAIMS",
        judged_by_a_test="from analysis.claims import Claim, Higher\n"
        "CLAIMS = [Claim('adam', 'Adam is better.', Higher('optimizer', 'adam', 'sgd'))]",
    )
    assert [claim.name for claim in load_claims(path)] == ["adam"]
