"""Samplers by their names: those of a user's file, module or package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tests.planning.search.spaces import finite_space, make_space
from tune_app.planning.search.registry import make_sampler
from tune_app.planning.search.sampler import Sampler

OWN = '''
class Listed:
    """Proposes from a list, and keeps what it was told."""

    def __init__(self, space, *, seed, mode):
        self.told, self.mode = [], mode
        self.points = [{"lr": lr, "batch": 1, "drop": 0.0, "epochs": 9} for lr in (0.1, 0.01)]

    def ask(self, number, attempt):
        return self.points[number] if number < len(self.points) else None

    def tell(self, number, config, told):
        self.told.append((number, told.state))

def useless(space, *, seed, mode):
    return 3

class Deaf:
    def __init__(self, space, *, seed, mode):
        pass

    def ask(self, number, attempt):
        return None

number = 3
'''


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "own_samplers_of_test.py"
    path.write_text(OWN)
    return path


def lrs_of(sampler: Sampler) -> list[float]:
    return [(sampler.ask(number, 0) or {})["lr"] for number in (0, 1)]


def test_a_users_own_sampler_is_named_by_its_file_or_module(
    own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_file.parent)
    before = [*sys.path]
    make_sampler("own_samplers_of_test:Listed", finite_space(), seed=0, mode="min")
    assert sys.path == before, "a module is looked for in the current folder, no other module is"
    for name in (f"{own_file}:Listed", "own_samplers_of_test:Listed"):
        sampler = make_sampler(name, finite_space(), seed=0, mode="min")
        assert lrs_of(sampler) == [0.1, 0.01]
        assert sampler.ask(2, 0) is None
        sampler.restore(0, 0)


def test_a_users_own_sampler_is_an_entry_point(
    own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = own_file.parent / "own_samplers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-samplers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tune_app.samplers]\nlisted = own_samplers_of_test:Listed\nbroken = nowhere_at_all:x\n"
    )
    monkeypatch.syspath_prepend(own_file.parent)
    sampler = make_sampler("listed", finite_space(), seed=0, mode="min")
    assert lrs_of(sampler) == [0.1, 0.01]
    with pytest.raises(UserError, match=r"did you mean 'listed'.*, nsga2, qmc, grid, listed"):
        make_sampler("lisetd", finite_space(), seed=0, mode="min")
    with pytest.raises(UserError, match="entry point nowhere_at_all:x cannot be loaded"):
        make_sampler("broken", finite_space(), seed=0, mode="min")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("tpee", "no such sampler; did you mean 'tpe'?; allowed: random, tpe, gp, cmaes, nsga2"),
        ("nowhere_at_all:x", "nowhere_at_all cannot be imported (ModuleNotFoundError"),
        ("json:dump_", "json has no 'dump_'; did you mean 'dump'?"),
        ("FILE:number", "is a int; allowed: a function make(space, *, seed, mode)"),
        ("FILE:Deaf", "made a Deaf; it must have the methods ask(number, attempt) and tell("),
        ("FILE:useless", "made a int; it must have the methods ask(number, attempt) and tell("),
    ],
)
def test_samplers_that_do_not_exist_are_named(own_file: Path, name: str, part: str) -> None:
    with pytest.raises(UserError) as error:
        make_sampler(name.replace("FILE", str(own_file)), make_space(), seed=0, mode="min")
    assert part in str(error.value) and "\n" not in str(error.value)
