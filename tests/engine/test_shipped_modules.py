"""Modules of the user's folder are imported where the folder is not."""

from __future__ import annotations

import importlib
import sys

import pytest

from tune_app.engine.shipped_modules import ShippedModules

SOURCES = {
    "shipped_one.py": b"from shipped_two import inner\nVALUE = inner.VALUE + 1\n",
    "shipped_two/__init__.py": b"",
    "shipped_two/inner.py": b"VALUE = 1\n",
    "json.py": b"raise RuntimeError('hides the standard library')\n",
}


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in ("shipped_one", "shipped_two", "shipped_two.inner"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_modules_and_packages_are_found_in_the_sources() -> None:
    ShippedModules(SOURCES).install()
    assert importlib.import_module("shipped_one").VALUE == 2


def test_what_a_folder_has_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ShippedModules(SOURCES).install()
    monkeypatch.delitem(sys.modules, "json")
    assert importlib.import_module("json").loads("3") == 3


def test_the_sources_of_the_latest_function_count() -> None:
    ShippedModules(SOURCES).install()
    ShippedModules({}).install()
    assert sum(isinstance(finder, ShippedModules) for finder in sys.meta_path) == 1
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("shipped_one")
