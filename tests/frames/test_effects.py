"""Which levels are compared, and over which rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.effects import is_matched, is_range, main_effects_data, steps, unmatched
from analysis.frames.load import load_study
from tests.any_studies import forty_factors, odd_names, random_search
from tests.own_studies import own_study, report


def test_numbers_are_compared_with_the_next_smaller_one_and_names_with_the_first() -> None:
    assert steps([1, 2, 8]) == [(1, 2), (2, 8)]
    assert steps(["a", "b", "c"]) == [("a", "b"), ("a", "c")]
    assert steps([False, True]) == [(False, True)]
    assert steps(list(range(9))) == [(0, 4), (4, 8)], "of many the ends and the middle"


def test_only_many_different_numbers_are_a_range() -> None:
    assert is_range(pd.Series([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    assert not is_range(pd.Series([1, 2, 3, 4, 5] * 4)), "five levels are levels"
    assert not is_range(pd.Series(list("abcdef")))
    assert not is_range(pd.Series([True, False] * 5))


def test_a_range_of_which_few_rows_have_ended_is_halved_too(tmp_path: Path) -> None:
    configs = [{"rate": rate} for rate in (0.1, 0.2, 0.3, 0.5, 0.8, 1.3, 2.1)]
    ledger = own_study(tmp_path / "few", configs, metric="score", mode="max", factors=["rate"])
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": float(place)}], ended=place < 3)
    rows, found = unmatched(load_study(tmp_path / "few"), "rate")
    assert found == ["≤ 0.2", "> 0.2"] and sorted(rows["rate"]) == ["> 0.2", "≤ 0.2", "≤ 0.2"]


def test_a_random_search_is_parted_into_thirds_of_its_rows(tmp_path: Path) -> None:
    random_search(tmp_path / "random")
    study = load_study(tmp_path / "random")
    assert not is_matched(study, "rate")
    rows, (low, middle, high) = unmatched(study, "weight")
    assert (low[:2], high[:2]) == ("≤ ", "> ") and middle == f"{low[2:]} to {high[2:]}"
    assert sorted(rows["weight"].value_counts()) == [13, 13, 14]
    frame = main_effects_data(study).set_index(["factor", "level"])
    assert frame.loc[("weight", high), "num_trainings"] == 13 and not frame["is_matched"].any()
    gain = frame["mean_val_error_px"]
    # 4 over the whole range of the weight: about 8 / 3 between the outer thirds.
    assert gain["weight", low] - gain["weight", high] == pytest.approx(8 / 3, abs=0.5)


@pytest.mark.parametrize(
    ("num_rates", "seeds", "found"),
    [
        (15, (0,), ["≤ 4", "4 to 9", "> 9"]),
        (14, (0,), ["≤ 6", "> 6"]),
        (10, (0, 1), ["≤ 4", "> 4"]),
    ],
)
def test_thirds_need_five_configurations_each_whatever_their_seeds(
    tmp_path: Path, num_rates: int, seeds: tuple[int, ...], found: list[str]
) -> None:
    configs = [{"rate": float(rate)} for rate in range(num_rates)]
    ledger = own_study(tmp_path / "own", configs, seeds=seeds, metric="score", mode="max")
    for config in configs:
        for seed in seeds:
            report(ledger, config, [{"score": config["rate"]}], seed=seed)
    assert unmatched(load_study(tmp_path / "own"), "rate")[1] == found


def test_thirds_need_configurations_of_every_data_set(tmp_path: Path) -> None:
    """Of data set b the third third has one row of its 16, of a ten of its 14."""
    rates = {"a": [*range(4), *range(20, 30)], "b": [*range(4, 19), 30]}
    configs = [{"dataset": name, "rate": float(r)} for name, found in rates.items() for r in found]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": config["rate"]}])
    assert len(unmatched(load_study(tmp_path / "own"), "rate")[1]) == 2


def test_rows_of_one_training_are_one_observation(real_study: Path) -> None:
    frame = main_effects_data(load_study(real_study)).set_index(["dataset", "factor", "level"])
    counts = frame.sort_index().loc["mnist", "num_trainings"]
    # 16 trainings of 5 epochs are the rows with 2 epochs and those with pinned memory, too.
    assert counts["epochs", 2] == counts["epochs", 5] == 16
    assert counts["model", "resnet18"] == counts["lr", 0.001] == 8 and "pin_memory" not in counts


def test_a_value_that_most_rows_have_is_one_half(tmp_path: Path) -> None:
    random_search(tmp_path / "random")
    study = load_study(tmp_path / "random")
    study.rows["weight"] = [0.1 * n for n in range(10)] + [1.0] * 30
    rows, (low, high) = unmatched(study, "weight")
    assert (low, high) == ("≤ 0.9", "> 0.9") and list(rows["weight"].value_counts()) == [30, 10]


def test_levels_of_a_grid_are_matched_and_those_of_random_flags_are_not(tmp_path: Path) -> None:
    odd_names(tmp_path / "odd")
    assert main_effects_data(load_study(tmp_path / "odd"))["is_matched"].all()
    forty_factors(tmp_path / "forty")
    frame = main_effects_data(load_study(tmp_path / "forty")).set_index(["factor", "level"])
    assert frame["num_trainings"]["flag_07"].sum() == 48 and not frame["is_matched"].any()


@pytest.mark.parametrize(
    ("below", "above", "cut"),
    [
        *(
            (0.01882, 0.02232, "0.02"),
            (0.00039, 0.00042, "0.0004"),
            (108, 110, "108"),
            (9, 10, "9"),
        ),
        (12345.001, 12345.002, "12345.001"),
    ],
)
def test_a_range_is_parted_at_a_number_of_few_digits(
    tmp_path: Path, below: float, above: float, cut: str
) -> None:
    configs = [
        {"rate": rate} for rate in (below / 4, below / 3, below, above, above * 2, above * 3)
    ]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": 1.0 + config["rate"]}])
    rows, found = unmatched(load_study(tmp_path / "own"), "rate")
    assert found == [f"≤ {cut}", f"> {cut}"] and rows["rate"].value_counts()[f"> {cut}"] == 3
