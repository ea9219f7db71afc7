"""Which rows share a trial, for a trainable made up here."""

from __future__ import annotations

from typing import Any

import pytest

from tune_app.planning.sharing import Row, group_rows, milestone_of
from tune_app.training.parameter import Parameter
from tune_app.training.registry import Trainable

TRAINABLE = Trainable(
    name="made_up",
    function=lambda: None,
    parameters={"epochs": Parameter(int), "lr": Parameter(float), "pin": Parameter(bool)},
    label=lambda _config: "made_up",
    prefix_axis="epochs",
    shares_prefix=lambda config: config.get("schedule") is None,
    inert_axes={"pin": lambda config: config["device"] == "cpu"},
)
A = {"epochs": 2, "lr": 0.1, "pin": False, "device": "cpu"}


def groups(*configs: dict[str, Any], sharing: bool = True) -> list[list[str]]:
    rows = [Row(f"c{number}", config, 0) for number, config in enumerate(configs)]
    found = group_rows(rows, TRAINABLE, sharing=sharing)
    return [[row.config_id for row in group] for group in found.values()]


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"epochs": 5}, True),
        ({"pin": True}, True),
        ({"pin": True, "epochs": 5}, True),
        ({"lr": 0.2}, False),
        ({"schedule": "cosine"}, False),
        ({"device": "cuda"}, False),
    ],
)
def test_rows_share_a_trial_if_nothing_else_differs(change: dict[str, Any], shared: bool) -> None:
    assert groups(A, A | change) == ([["c0", "c1"]] if shared else [["c0"], ["c1"]])
    assert groups(A, A | change, sharing=False) == [["c0"], ["c1"]]


def test_rows_that_depend_on_the_last_epoch_share_no_prefix() -> None:
    cosine = A | {"schedule": "cosine"}
    assert groups(cosine, cosine | {"epochs": 5}) == [["c0"], ["c1"]]
    assert groups(cosine, cosine | {"pin": True}) == [["c0", "c1"]]


def test_a_pinned_copy_is_no_shared_work_on_a_gpu() -> None:
    cuda = A | {"device": "cuda"}
    assert groups(cuda, cuda | {"pin": True}) == [["c0"], ["c1"]]


def test_each_seed_has_its_own_trial_and_the_key_does_not_depend_on_other_rows() -> None:
    both = group_rows([Row("a", A, 0), Row("a", A, 1)], TRAINABLE, sharing=True)
    alone = group_rows([Row("b", A | {"epochs": 5}, 1)], TRAINABLE, sharing=True)
    assert len(both) == 2 and alone.keys() <= both.keys()
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in both)


def test_the_milestone_is_the_last_epoch() -> None:
    assert milestone_of(TRAINABLE, A) == 2
