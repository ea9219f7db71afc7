"""Names of rows say what a person would call them."""

from __future__ import annotations

import pytest

from search_spaces.configuration import Config
from tune_app.engine.row_names import RowNames

RESNET: Config = {"dataset": "mnist", "model": "resnet18", "lr": 0.1, "batch_size": 64}
RESNET |= {"optimizer": "sgd", "pin_memory": True, "epochs": 2}
GROUP = ("dataset", "model")


def test_a_name_begins_with_data_and_model_and_has_every_factor() -> None:
    names = RowNames(["lr", "batch_size", "optimizer", "epochs", "pin_memory"])
    assert names.name("a" * 10, RESNET, GROUP) == "mnist_resnet18_lr0.1_bs64_sgd_epochs2_pin_memory"
    other = {**RESNET, "pin_memory": False, "lr": 1e-05}
    assert names.name("b", other, GROUP).endswith("lr1e-05_bs64_sgd_epochs2_no_pin_memory")


def test_rows_with_the_same_words_are_told_apart_by_their_id() -> None:
    names = RowNames(["x"])
    values = [0.123456, 0.123457, 0.2]
    found = [names.name(f"{number}bcdef0123", {"x": x}) for number, x in enumerate(values)]
    assert found == ["x0.1235", "x0.1235_1bcdef", "x0.2"]


def test_short_forms_are_used_where_they_are_clear() -> None:
    names = RowNames(["min_samples", "max_depth", "my_size", "ms", "weight_decay"])
    config = {"min_samples": 3, "max_depth": None, "my_size": 5, "ms": 7, "weight_decay": 0.5}
    assert names.name("a", config) == "min_samples3_mdNone_my_size5_ms7_wd0.5"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("a b\n\tc/d", "a_b_c_d"),
        ("…", "row"),
        ("", "row"),
        ([1, {"a": 2}], "x_1_a_2"),
        ("." * 9, "row"),
        ("y" * 500, "y" * 40),
        (10**30, f"x{10**30}"),
        (float("nan"), "xnan"),
    ],
)
def test_a_name_is_one_of_a_folder(value: object, name: str) -> None:
    assert RowNames(["x"]).name("a", {"x": value}) == name


def test_very_many_factors_are_cut() -> None:
    factors = [f"factor{number}" for number in range(50)]
    config = dict.fromkeys(factors, 1)
    names = RowNames(factors)
    first, second = names.name("aaaaaaaaaa", config), names.name("bbbbbbbbbb", config)
    assert len(first) <= 100 and second == f"{first}_bbbbbb"
