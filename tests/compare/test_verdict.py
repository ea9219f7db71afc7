"""The verdict, with values that can be checked by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from analysis.compare.verdict import Verdict
from tests.compared import GRID, SIX, base, compared, fitted, trained
from tests.studies import study_json

ONE = GRID[:1]
SEVEN = [{"lr": rate} for rate in range(1, 8)]


def verdict(first: Path, second: Path) -> Verdict:
    [found] = compared(first, second)
    return found.verdict


def test_six_seeds_of_one_configuration_are_six_sign_flips(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE)
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - 1 - s / 8, configs=ONE)
    found = verdict(a, b)
    assert found.word == "better" and not found.of_runs
    assert found.p_value == 2 / 2**6
    assert found.difference == pytest.approx(-1.3125)
    assert (found.low, found.high) == pytest.approx((-1.625, -1.0)), "the ends of six flips"
    assert (found.num_rows, found.num_pairs, found.num_seeds) == (6, 6, 6)
    assert (found.num_better, found.num_worse) == (6, 0)


def test_means_of_seeds_have_student_s_interval(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", lambda config, seed: base(config, seed) + 1 + seed / 5)
    found = verdict(a, b)
    # The means 1.0, 1.2 ... 2.0 have the standard deviation 0.374; t(5) is 2.5706 at 97.5 %.
    half = 2.5706 * 0.374166 / math.sqrt(6)
    assert (found.low, found.high) == pytest.approx((1.5 - half, 1.5 + half), abs=1e-4)
    assert found.word == "worse", "val_rmse is to be low"
    assert (found.num_pairs, found.num_seeds) == (24, 6)


def test_the_direction_is_the_study_s(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE, mode="max", measures={})
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) + 1, configs=ONE, mode="max", measures={})
    found = verdict(a, b)
    assert (found.word, found.num_better, found.num_worse) == ("better", 6, 0)
    other = fitted(tmp_path / "c", lambda c, s: base(c, s) + 1, configs=ONE, measures={})
    found = verdict(a, other)
    assert (found.word, found.num_better, found.num_worse) == ("higher", 0, 0), "they disagree"


def test_pairs_at_one_seed_are_about_these_runs(tmp_path: Path) -> None:
    configs = [{"lr": rate} for rate in range(1, 7)]

    def plain(config: dict[str, float], seed: int) -> float:
        return float(config["lr"])

    a = fitted(tmp_path / "a", plain, configs=configs, seeds=(0,))
    b = fitted(tmp_path / "b", lambda c, s: plain(c, s) * 0.5, configs=configs, seeds=(0,))
    found = verdict(a, b)
    assert found.word == "better" and found.of_runs and found.num_seeds == 1
    assert (found.low, found.high) == pytest.approx((-3.0, -0.5))


@pytest.mark.parametrize("seeds", [range(1), range(2), range(5)])
def test_fewer_than_six_units_decide_nothing(tmp_path: Path, seeds: range) -> None:
    a = fitted(tmp_path / "a", seeds=seeds)
    b = fitted(tmp_path / "b", lambda config, seed: base(config, seed) - 9, seeds=seeds)
    found = verdict(a, b)
    assert found.word == "underpowered" and math.isnan(found.low) and math.isnan(found.p_value)
    assert found.difference == pytest.approx(-9) and found.of_runs == (len(seeds) == 1)
    assert "6 are the fewest that decide" in found.reason


def test_a_sign_that_changes_is_not_distinguishable(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE)
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) + (-1) ** s, configs=ONE)
    found = verdict(a, b)
    assert found.word == "not distinguishable" and found.p_value == 1.0
    assert (found.low, found.high) == (-1, 1)
    assert "in 4 of 5 cases" in found.reason


def test_few_rows_that_differ_are_counted(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE, seeds=range(8))
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - (s < 2), configs=ONE, seeds=range(8))
    found = verdict(a, b)
    assert found.word == "not distinguishable" and found.p_value == 0.5
    assert (found.num_equal, found.reason) == (6, "only 2 of 8 differ at all")
    assert (found.num_better, found.num_worse) == (2, 0), "equal ones are neither"


def test_equal_rows_need_no_test(tmp_path: Path) -> None:
    found = verdict(fitted(tmp_path / "a", seeds=(0,)), fitted(tmp_path / "b", seeds=(0,)))
    assert (found.word, found.num_equal, found.num_rows) == ("equal", 4, 4)
    assert math.isnan(found.p_value)


def test_seeds_that_no_study_shares_give_no_verdict(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=range(6))
    b = fitted(tmp_path / "b", lambda config, seed: 0.0, seeds=range(6, 12))
    found = verdict(a, b)
    assert found.word == "not comparable" and "no seed is in both" in found.reason
    assert found.difference < 0


def test_other_data_give_no_verdict(tmp_path: Path) -> None:
    results: dict[str, dict[str, float]] = {name: {} for name in "abcdefg"}
    better = {name: {"val_accuracy": 0.95} for name in "abcdefg"}
    data = study_json({})["data"]
    a = trained(tmp_path / "a", results)
    b = trained(tmp_path / "b", better, data=data | {"split_seed": 1})
    found = verdict(a, b)
    assert found.word == "not comparable" and "other data" in found.reason
    assert found.num_rows == 0
    assert verdict(a, trained(tmp_path / "c", better)).word == "better"


def with_data(path: Path, dataset: str, content: str) -> Path:
    """Give a study one data set that is no parameter of it, with a content of its own."""
    file = path / "study.json"
    study = json.loads(file.read_text())
    study["space"]["defaults"] = {"dataset": dataset}
    entry = {"num_images": 60, "num_train": 42, "num_val": 6, "num_test": 12}
    study["data"]["datasets"] = {dataset: {**entry, "sha256": {"inputs": content}}}
    file.write_text(json.dumps(study))
    return path


def test_other_data_give_no_verdict_though_no_parameter_names_them(tmp_path: Path) -> None:
    a = with_data(fitted(tmp_path / "a"), "wines", "1" * 64)
    other = fitted(tmp_path / "b", lambda config, seed: base(config, seed) - 1)
    found = verdict(a, with_data(other, "wines", "2" * 64))
    assert found.word == "not comparable" and "other data" in found.reason
    assert verdict(a, with_data(other, "beers", "2" * 64)).word == "not comparable"
    # What a data set is called does not matter.
    assert verdict(a, with_data(other, "beers", "1" * 64)).word == "better"


def test_other_units_are_not_subtracted(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", measures={"val_rmse": {"unit": "cm", "better": "min"}})
    found = verdict(a, b)
    assert found.word == "not comparable"
    assert found.reason == "validation rmse is in mm in A and in cm in B"
    assert math.isnan(found.difference)


def test_several_studies_are_a_family(tmp_path: Path) -> None:
    """At six flips 0.031 is the smallest p, and Holm's correction of two makes it 0.0625."""
    places = [
        fitted(tmp_path / name, lambda c, s, by=by: base(c, s) + by * (1 + s), configs=ONE)
        for name, by in (("a", 0), ("b", 1), ("c", -1))
    ]
    found = [one.verdict for one in compared(*places)]
    assert [one.p_value for one in found] == [0.0625, 0.0625]
    assert {one.word for one in found} == {"underpowered"}
    assert found[0].reason == "6 seeds are too few for 2 comparisons judged together"
    assert verdict(places[0], places[2]).word == "better"


def test_the_units_are_named_of_which_there_are_too_few(tmp_path: Path) -> None:
    """Every seed differs by as much, so six seeds are six sign flips, whatever the pairs."""
    for seeds, grid, units in ((SIX, GRID, "6 seeds"), ([0], SEVEN[:6], "6 pairs")):
        places = [
            fitted(tmp_path / f"{name}{len(seeds)}", lambda c, s, by=by: base(c, s) + by,
                   configs=grid, seeds=seeds)
            for name, by in (("a", 0), ("b", 1), ("c", -1))
        ]  # fmt: skip
        found = [one.verdict for one in compared(*places)]
        reason = f"{units} are too few for 2 comparisons judged together"
        assert {one.reason for one in found} == {reason}


def test_a_pair_without_a_difference_makes_the_smallest_p_larger(tmp_path: Path) -> None:
    """Of seven pairs six differ, which can give 2 / 64 at best, and 4 / 64 in a family of two."""
    places = [
        fitted(
            tmp_path / name, lambda c, s, by=by: base(c, s) + by * s, configs=ONE, seeds=range(7)
        )
        for name, by in (("a", 0), ("b", 1), ("c", -1))
    ]
    found = [one.verdict for one in compared(*places)]
    assert {(one.p_value, one.word) for one in found} == {(0.0625, "underpowered")}


def test_a_seed_with_most_pairs_does_not_decide(tmp_path: Path) -> None:
    """One seed has four pairs of +1, five have one of −0.5: the pairs say +, the seeds say −."""

    def some(config: dict[str, float], seed: int) -> float | None:
        return base(config, seed) if seed == 0 or config == GRID[0] else None

    def other(config: dict[str, float], seed: int) -> float | None:
        value = some(config, seed)
        return None if value is None else value + (1 if seed == 0 else -0.5)

    found = verdict(
        fitted(tmp_path / "a", some, seeds=SIX), fitted(tmp_path / "b", other, seeds=SIX)
    )
    assert found.word == "not distinguishable" and "different sides" in found.reason
