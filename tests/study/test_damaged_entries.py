"""Entries of ``study.json`` that only some studies have, damaged in every place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from search_spaces.measure import Measure
from tests.ledgers import DATA
from tune_app.planning.overview import best_configurations, read_overview
from tune_app.planning.repeats import num_repeats
from tune_app.storage.local_store import LocalStore
from tune_app.study.best_of import BestOf, Pick
from tune_app.study.ledger import new_ledger, open_ledger
from tune_app.study.search_settings import SearchSettings

VALUES = (None, -1, "x", [], {"a": []}, [[]])


def train(config: dict[str, Any]) -> None:
    raise AssertionError("it is never called")


@pytest.fixture
def whole(tmp_path: Path) -> Any:
    """Return the content of a study that has every entry."""
    space = SearchSpace(
        name="mine",
        trainable=train,
        param_space={"lr": {"grid_search": [0.1, 0.01]}, "steps": 3, "dataset": "mnist"},
        prefix_axis="steps",
        objectives={"loss": "min", "speed": "max"},
        measures={"loss": Measure(unit="mm", better="min")},
    )
    pick = Pick("abcdefabcd", 1.0, 2, 2)
    ledger = new_ledger(
        LocalStore(tmp_path / "mine"),
        space,
        (0, 1),
        device="cpu",
        data={**DATA, "vary_split": True},
        defaults={},
        code={"space.py": "abc"},
        search=SearchSettings("tpe", 5, stopping="asha", rungs=(1,)),
        best_of=BestOf("other", "loss", "min", (7,), (pick,), {"mnist": "x"}),
    )
    configurations = space.expand()
    ledger.study["configurations"] = [
        {"config_id": c.config_id, "config": c.config} for c in configurations
    ]
    ledger.study["same_at_every_seed"] = [configurations[0].config_id]
    ledger.save()
    return json.loads((tmp_path / "mine" / "study.json").read_text())


def damaged(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies of a JSON value in which one value inside of it is another or gone."""

    def changed(inner: Any, path: str) -> Iterator[str]:
        for key in list(inner) if isinstance(inner, dict) else range(len(inner)):
            before = inner[key]
            for value in VALUES:
                inner[key] = value
                yield f"{path}/{key} is {value!r}"
            inner[key] = before
            if isinstance(before, (dict, list)):
                yield from changed(before, f"{path}/{key}")

    for what in changed(content, ""):
        yield what, content


def read(root: Path) -> None:
    ledger = open_ledger(LocalStore(root))
    assert ledger is not None
    best_configurations(ledger, read_overview(ledger, since=None))
    num_repeats(ledger.study)


def test_each_entry_is_refused_or_read(tmp_path: Path, whole: Any) -> None:
    root = tmp_path / "mine"
    read(root)
    refused = set()
    for what, content in damaged(whole):
        (root / "study.json").write_text(json.dumps(content))
        try:
            read(root)
        except UserError as error:
            assert "\n" not in str(error), what
            refused.add(what.split("/")[1].split()[0])
        except Exception as error:
            raise AssertionError(what) from error
    assert {"search", "best_of", "same_at_every_seed", "space", "data"} <= refused


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (lambda s: s["space"].update(objectives={"loss": []}), "space: objectives is damaged"),
        (lambda s: s["space"].update(resources=None), "space: resources is damaged"),
        (lambda s: s["space"].update(resources={"gpu": math.inf}), "space: resources is damaged"),
        (lambda s: s.update(same_at_every_seed=None), "same_at_every_seed is damaged"),
        (lambda s: s.update(same_at_every_seed=[3]), "same_at_every_seed is damaged"),
    ],
)
def test_the_message_names_the_entry(tmp_path: Path, whole: Any, edit: Any, part: str) -> None:
    edit(whole)
    (tmp_path / "mine" / "study.json").write_text(json.dumps(whole))
    with pytest.raises(UserError, match=part):
        read(tmp_path / "mine")
