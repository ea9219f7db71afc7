"""A user's sampler: an error in it, and what it proposes beside the space, is said in one line."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tests.planning.search.spaces import finite_space
from tests.refused import refused
from tune_app.planning.search.own_sampler import OwnSampler
from tune_app.planning.search.proposals import Proposals
from tune_app.planning.search.registry import make_sampler
from tune_app.planning.search.sampler import Sampler, Told
from tune_app.study.search_settings import SearchSettings

FILE = """
class Faulty:
    def __init__(self, space, *, seed, mode):
        self.mode = mode

    def ask(self, number, attempt):
        return {0: None, 1: 7}[number]

    def tell(self, number, config, told):
        raise ValueError("cannot\\nlearn")

    def begin(self, number, config):
        self.no_such_attribute

    def restore(self, number, attempt):
        raise OSError("no file")

class WithoutSeed:
    def __init__(self, space):
        pass
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_an_error_in_a_users_sampler_has_its_line(file: Path) -> None:
    sampler = make_sampler(f"{file}:Faulty", finite_space(), seed=0, mode="min")
    where = f"--search {file}:Faulty:"
    assert sampler.ask(0, 0) is None
    said = refused(sampler.ask, 1, 0)
    assert said.startswith(f"{where} ask returned 7; it must return a dict of parameters, or None")
    for call, arguments, reason in (
        (sampler.ask, (2, 0), "ask failed: KeyError: 2 (mine.py, line 7)"),
        (
            sampler.tell,
            (0, {}, Told("failed")),
            "tell failed: ValueError: cannot (mine.py, line 10)",
        ),
        (sampler.begin, (0, {}), "begin failed: AttributeError: 'Faulty' object has no attribute"),
        (sampler.restore, (0, 0), "restore failed: OSError: no file (mine.py, line 16)"),
    ):
        assert refused(call, *arguments).startswith(f"{where} {reason}")


def test_a_sampler_that_cannot_be_made_is_named(file: Path) -> None:
    def make() -> Sampler:
        return make_sampler(f"{file}:WithoutSeed", finite_space(), seed=0, mode="min")

    said = refused(make)
    assert "WithoutSeed: make(space, seed=..., mode=...) failed: TypeError: " in said
    assert "unexpected keyword argument 'seed'" in said


@pytest.mark.parametrize(
    "config",
    [
        {"lr": 0.1, "batch": 1, "drop": 0.0},
        {"lr": 0.1, "batch": 1, "drop": 0.0, "epochs": 9, "rate": 1},
        {"lr": 0.2, "batch": 1, "drop": 0.0, "epochs": 9},
    ],
)
def test_what_is_no_point_of_the_space_is_refused(config: dict[str, Any]) -> None:
    class Fixed:
        def ask(self, number: int, attempt: int) -> dict[str, Any]:
            return config

        def tell(self, number: int | None, config: dict[str, Any], told: Told) -> None:
            pass

    space = finite_space()
    sampler = OwnSampler("x:y", lambda *_given, **_named: Fixed(), space, seed=0, mode="min")
    proposals = Proposals(SearchSettings("x:y", 3), space, sampler, {})
    assert refused(proposals.next, 4) == (
        f"--search x:y: proposal 4 is {config!r}, which is no point of the space; allowed: values "
        "of lr, batch, drop, epochs from their domains"
    )


def test_a_module_that_extends_the_path_keeps_what_it_adds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [*sys.path]
    monkeypatch.setattr(sys, "path", [*before])
    monkeypatch.chdir(tmp_path)
    text = "import sys\nsys.path.append('/further')\nclass Mine: ask = tell = print\nmake = Mine\n"
    (tmp_path / "path_of_test.py").write_text(text)
    with pytest.raises(UserError, match="path_of_test has no 'other'"):
        make_sampler("path_of_test:other", finite_space(), seed=0, mode="min")
    assert sys.path[-1] == "/further"


def test_what_a_users_sampler_does_not_have_is_left_out_or_asked_again() -> None:
    calls: list[tuple[object, ...]] = []

    class Least:
        def ask(self, number: int, attempt: int) -> None:
            calls.append(("ask", number, attempt))

        def tell(self, number: int | None, config: dict[str, Any], told: Told) -> None:
            calls.append(("tell", number, config))

    class Most(Least):
        def begin(self, number: int, config: dict[str, Any]) -> None:
            calls.append(("begin", number, config))

        def restore(self, number: int, attempt: int) -> None:
            calls.append(("restore", number, attempt))

    for made, expected in (
        (Least(), [("ask", 7, 0), ("ask", 7, 1), ("ask", 7, 2), ("tell", 7, {"lr": 1})]),
        (Most(), [("begin", 7, {"lr": 1}), ("restore", 7, 2), ("tell", 7, {"lr": 1})]),
    ):
        calls.clear()
        make = partial(lambda one, *_given, **_named: one, made)
        sampler = OwnSampler("x:y", make, finite_space(), seed=0, mode="min")
        sampler.begin(7, {"lr": 1})
        sampler.restore(7, 2)
        sampler.tell(7, {"lr": 1}, Told("finished", 0.5))
        assert calls == expected
