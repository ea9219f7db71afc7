"""A study grows by rows of the same search space, and is never mixed with another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tests.ledgers import DATA, make_ledger, make_space
from tune_app.study.extension import extend_ledger


def test_a_study_grows_by_seeds_and_by_a_wider_axis(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    ledger = make_ledger(root)
    assert extend_ledger(ledger, make_ledger(root)) == 0
    assert extend_ledger(ledger, make_ledger(root, seeds=(1, 2))) == 8
    assert ledger.study["seeds"] == [0, 1, 2]
    assert extend_ledger(ledger, make_ledger(root, lrs=(0.1, 0.01, 0.001))) == 6
    # A narrower space asks for nothing new and takes nothing away.
    assert extend_ledger(ledger, make_ledger(root, lrs=(0.1,))) == 0
    assert len(ledger.row_keys()) == 18


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"trainable": "svm"}, "trainable resnet, not svm"),
        ({"device": "cuda"}, "--device cpu, not cuda"),
        ({"lrs": (5.0,)}, "no configuration in common"),
        ({"data": {**DATA, "split_seed": 1}}, "split seed 0, not 1"),
        (
            {"data": {**DATA, "vary_split": True}},
            "images split once for all seeds, not anew for every seed (--vary-split); use --study",
        ),
        (
            {"data": {**DATA, "datasets": {"mnist": {"num_images": 200, "sha256": {"a": "1"}}}}},
            "mnist images 100, not 200",
        ),
        (
            {"data": {**DATA, "datasets": {"mnist": {"num_images": 100, "sha256": {"a": "2"}}}}},
            "mnist data of SHA-256 ['1'], not ['2']",
        ),
    ],
)
def test_another_study_under_the_same_name_is_refused(
    tmp_path: Path, changes: dict[str, Any], part: str
) -> None:
    ledger = make_ledger(tmp_path / "mine")
    before = json.dumps(ledger.study)
    with pytest.raises(UserError) as error:
        extend_ledger(ledger, make_ledger(tmp_path / "mine", **changes))
    assert part in str(error.value) and "--fresh" in str(error.value)
    assert json.dumps(ledger.study) == before


def test_writing_out_a_default_changes_no_configuration(tmp_path: Path) -> None:
    defaults = {"momentum": 0.9, "pin_memory": False}
    axes = make_space().param_space
    study, spelled_out, other = (
        make_ledger(tmp_path, defaults=defaults, param_space={**axes, **more})
        for more in ({}, {"momentum": 0.9}, {"momentum": 0.8})
    )
    ids = [{c.config_id for c in ledger.configurations()} for ledger in (study, spelled_out, other)]
    assert ids[0] == ids[1] and not ids[0] & ids[2]
    assert extend_ledger(study, spelled_out) == 0


def test_a_default_that_has_changed_is_refused(tmp_path: Path) -> None:
    old = make_ledger(tmp_path, defaults={"momentum": 0.9})
    new = make_ledger(tmp_path, defaults={"momentum": 0.8, "nesterov": False})
    with pytest.raises(UserError, match=r"the default of momentum, 0\.9, not 0\.8"):
        extend_ledger(old, new)


def test_a_parameter_that_becomes_an_axis_is_named_by_the_rows_that_are_there(
    tmp_path: Path,
) -> None:
    axes, momentum = make_space().param_space, {"grid_search": [0.9, 0.5]}
    old = make_ledger(tmp_path, defaults={"momentum": 0.9})
    new = make_ledger(
        tmp_path, defaults={"momentum": 0.9}, param_space={**axes, "momentum": momentum}
    )
    assert extend_ledger(old, new) == 4
    assert [c.config["momentum"] for c in old.configurations()] == [0.9] * 4 + [0.5] * 4


def test_what_an_older_study_did_not_record_of_its_data_is_added(tmp_path: Path) -> None:
    """The record of what was there before stays as it is."""
    scale = {"shape": [4], "dtype": "float64", "mean": [0.0], "std": [1.0]}
    old = make_ledger(tmp_path / "mine")
    known = {name: dict(entry) for name, entry in DATA["datasets"].items()}
    new = make_ledger(
        tmp_path / "mine",
        data={**DATA, "datasets": {n: {**e, "input": scale} for n, e in known.items()}},
    )
    assert extend_ledger(old, new) == 0
    wanted = {name: {**entry, "input": scale} for name, entry in known.items()}
    assert old.study["data"]["datasets"] == wanted
