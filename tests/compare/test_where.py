from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.compare.where import condition, narrowed
from analysis.frames.load import load_study
from search_spaces.errors import UserError
from tests.compared import GRID, fitted
from tests.own_studies import Json


def test_only_studies_with_the_parameter_are_narrowed(tmp_path: Path) -> None:
    a = load_study(fitted(tmp_path / "a", seeds=(0,)))
    extra = [{**config, "drop": drop} for config in GRID for drop in (0.5, 0.6)]
    b = load_study(fitted(tmp_path / "b", configs=extra, seeds=(0,)))
    one, two = narrowed([a, b], [condition("drop=5e-1"), condition("lr=0.1")])
    assert (len(one.rows), len(two.rows)) == (2, 2)
    assert set(two.rows["drop"]) == {0.5} and set(one.rows["lr"]) == {0.1}
    assert len(two.meta["configurations"]) == 2 and len(b.meta["configurations"]) == 8


SVMS: list[Json] = [
    {"C": 1, "kernel": "rbf", "gamma": 0.1},
    {"C": 1, "kernel": "poly", "degree": 2},
    {"C": 1, "kernel": "poly", "degree": 3},
]


def test_a_row_without_the_parameter_does_not_have_the_value(tmp_path: Path) -> None:
    """``degree`` has a default, which a row of another kernel does not use; ``gamma`` has none."""
    study = load_study(fitted(tmp_path / "a", configs=SVMS, seeds=(0,)))
    space = {**study.meta["space"], "defaults": {"degree": 3, "tol": 0.1}}
    study = replace(study, meta={**study.meta, "space": space})

    def kept(*texts: str) -> list[int]:
        [found] = narrowed([study], [condition(text) for text in texts])
        ids = [entry["config_id"] for entry in study.meta["configurations"]]
        assert set(found.rows["config_id"]) == {
            c["config_id"] for c in found.meta["configurations"]
        }
        return [ids.index(config_id) for config_id in found.rows["config_id"]]

    assert kept("degree=3") == [2] and kept("gamma=0.1") == [0]
    assert kept("tol=0.1") == [0, 1, 2], "no row names it, so each has its default"
    with pytest.raises(UserError, match=r"tol=1: a has only 0\.1"):
        kept("tol=1")
    with pytest.raises(UserError, match="degree=3: a has it in no row that meets the others"):
        kept("kernel=rbf", "degree=3")


@pytest.mark.parametrize("text", ["yes", "true", "True"])
def test_flags_and_texts(tmp_path: Path, text: str) -> None:
    configs = [{"lr": 1, "flag": flag} for flag in (True, False)]
    study = load_study(fitted(tmp_path / "a", lambda c, s: 1.0, configs=configs, seeds=(0,)))
    [found] = narrowed([study], [condition(f"flag={text}")])
    assert len(found.rows) == 1 and bool(found.rows["flag"].iloc[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("widht=8", "--where widht: no such parameter; did you mean 'width'?; allowed: lr, width"),
        ("width=9", "--where width=9: a has only 8, 32"),
        ("lr=x", "--where lr=x: a has only 0.1, 0.5"),
    ],
)
def test_mistakes_name_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    study = load_study(fitted(tmp_path / "a", seeds=(0,)))
    with pytest.raises(UserError) as error:
        narrowed([study], [condition(text)])
    assert str(error.value) == said


@pytest.mark.parametrize("text", ["lr", "lr=", "=3"])
def test_a_condition_has_a_name_and_a_value(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not NAME=VALUE"):
        condition(text)
