"""The code of a space that a script or a notebook has made."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from search_spaces import SearchSpace
from tune_app import classifier
from tune_app.api.own_code import code_of_space

CELLS = """
RATE = 0.1
STEPS = 0.2
UNUSED = 1

class Model:
    scale = 1

    @property
    def depth(self):
        return layers() * self.scale

def layers():
    return 2

def rate(step):
    return RATE / step + STEPS

def helper(step):
    return rate(step) * Model().depth + helper(step - 1)

def fit(config):
    return helper(config["x"]) + len(print.__name__)

def make(scale):
    def inner(config):
        return scale * config["x"]

    return inner

class Callable:
    def __call__(self, config):
        return self.other()

    def other(self):
        return 1
"""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a module without a file, whose sources are known as those of a notebook are."""
    import linecache

    module = ModuleType("cells")
    source = compile(CELLS, "<cell 1>", "exec")
    monkeypatch.setitem(sys.modules, "cells", module)
    lines = CELLS.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, "<cell 1>", (len(CELLS), None, lines, "<cell 1>"))
    monkeypatch.setattr(module, "__file__", "<cell 1>", raising=False)
    exec(source, module.__dict__)  # noqa: S102
    yield module


def fit(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def space(trainable: Any, **fields: Any) -> SearchSpace:
    param_space = {"batch_size": 16, "optimizer": "sgd", "lr": 0.1, "epochs": 1, "dataset": "a"}
    return SearchSpace(
        name="mine", trainable=trainable, metric="loss", param_space=param_space, **fields
    )


def test_of_a_shipped_trainable_there_is_none() -> None:
    assert code_of_space(space("resnet")) == {}
    assert code_of_space(space(classifier())) == {}


def test_of_a_function_it_is_the_file_also_behind_a_partial() -> None:
    found = code_of_space(space(fit))
    assert next(iter(found)) == "test_own_code.py"
    assert code_of_space(space(partial(fit, rate=1))) == found
    assert code_of_space(space("resnet", datasets={"a": partial(fit, {})})) == found


def test_of_a_model_it_is_what_builds_it_and_not_the_package(notebook: Any) -> None:
    found = code_of_space(space(classifier(models={"lin": fit}, loss=notebook.rate)))
    assert set(found) == {*code_of_space(space(fit)), "rate", "RATE", "STEPS"}
    installed = code_of_space(space(classifier(loss=pytest.approx)))
    assert list(installed) == [f"{pytest.approx.__module__}.approx"]


def test_in_a_notebook_it_is_what_the_trainable_uses(
    notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_of_space(space(notebook.fit))
    assert list(before) == ["fit", "helper", "rate", "Model", "STEPS", "RATE", "layers"]
    monkeypatch.setattr(notebook, "UNUSED", 2)
    assert code_of_space(space(notebook.fit)) == before
    monkeypatch.setattr(notebook, "RATE", 0.2)
    after = code_of_space(space(notebook.fit))
    assert {name for name in before if after[name] != before[name]} == {"RATE"}
    monkeypatch.setattr(notebook, "STEPS", 0.1)
    exchanged = code_of_space(space(notebook.fit))
    assert sorted(exchanged.values()) != sorted(before.values())
    monkeypatch.setattr(notebook.Model, "scale", 3)
    assert code_of_space(space(notebook.fit))["Model"] != before["Model"]
    monkeypatch.setattr(notebook, "rate", notebook.helper)
    assert "rate" not in code_of_space(space(notebook.fit))


def test_in_a_notebook_values_of_a_partial_and_of_a_function_around_it_count(
    notebook: Any,
) -> None:
    found = [code_of_space(space(partial(notebook.helper, rate))) for rate in (1, 2)]
    assert found[0] != found[1] and found[0].keys() == found[1].keys()
    found = [code_of_space(space(notebook.make(rate))) for rate in (1, 2)]
    assert [list(code) for code in found] == [["inner", "scale"]] * 2 and found[0] != found[1]


def test_in_a_notebook_files_that_are_imported_belong_to_it(
    notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for imported in (fit, sys.modules[__name__]):
        monkeypatch.setattr(notebook, "rate", imported)
        assert "test_own_code.py" in code_of_space(space(notebook.fit))


def test_of_a_callable_object_it_is_its_class(notebook: Any) -> None:
    assert list(code_of_space(space(notebook.Callable()))) == ["Callable"]


def test_what_has_no_source_is_known_by_its_kind() -> None:
    made: dict[str, Any] = {"__name__": "nowhere"}
    exec("def fit(config): return other()\ndef other(): return 1", made)  # noqa: S102
    assert list(code_of_space(space(made["fit"]))) == ["fit"]
