from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.compare.joined import Joined, join, settings_of
from analysis.compare.where import condition, narrowed
from analysis.frames.load import load_study
from search_spaces.errors import UserError
from tests.compared import GRID, compared, fitted
from tests.studies import resnet_config, study_json, write_study


def joined(first: Path, second: Path) -> Joined:
    return join(load_study(first), load_study(second))


def seeds_and_rates(found: Joined) -> list[tuple[object, ...]]:
    one, two = (
        study.rows.loc[found.lines[side]]
        for study, side in ((found.first, "a"), (found.second, "b"))
    )
    return list(zip(one["lr"], one["seed"], two["lr"], two["seed"], strict=True))


def test_rows_are_joined_by_configuration_and_seed_whatever_their_order(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=[{"lr": 1}, {"lr": 2}, {"lr": 3}], seeds=(0, 1))
    b = fitted(tmp_path / "b", configs=[{"lr": 3}, {"lr": 2.0}, {"lr": 4}], seeds=(1, 2))
    found = joined(a, b)
    assert seeds_and_rates(found) == [(2, 1, 2, 1), (3, 1, 3, 1)]
    assert (
        not found.seeds_differ and len({*found.first.rows.loc[found.lines["a"], "config_id"]}) == 2
    )
    unmatched = found.second.rows.loc[list(found.unmatched[1]), ["lr", "seed"]]
    assert unmatched.to_numpy().tolist() == [[3, 2], [2, 2], [4, 1], [4, 2]]
    assert len(found.unmatched[0]) == 4 and found.unclear[0] == ()


def test_without_a_common_seed_a_line_stands_for_a_configuration(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    b = fitted(tmp_path / "b", seeds=(7, 5))
    found = joined(a, b)
    assert found.seeds_differ and len(found.lines) == 4
    assert set(found.second.rows.loc[found.lines["b"], "seed"]) == {5}
    assert found.unmatched == ((), ())


def test_a_parameter_that_only_one_study_has_is_left_out_of_the_join(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0,))
    b = fitted(tmp_path / "b", configs=[{**config, "drop": 0.5} for config in GRID], seeds=(0,))
    found = joined(a, b)
    assert len(found.lines) == 4 and len(found.by_common) == 4
    assert found.only == ((), ("drop",))
    assert seeds_and_rates(found) == [(0.1, 0, 0.1, 0)] * 2 + [(0.5, 0, 0.5, 0)] * 2


def test_rows_that_could_be_joined_with_several_are_not(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=[{"lr": 1}, {"lr": 2}], seeds=(0,))
    extra = [{"lr": 1, "drop": 0.5}, {"lr": 1, "drop": 0.6}, {"lr": 2, "drop": 0.5}]
    b = fitted(tmp_path / "b", configs=extra, seeds=(0,))
    for places, num_unclear in (((a, b), (1, 2)), ((b, a), (2, 1))):
        found = joined(*places)
        assert seeds_and_rates(found) == [(2, 0, 2, 0)]
        assert (len(found.unclear[0]), len(found.unclear[1])) == num_unclear
        assert set(found.unclear[1]) <= set(found.unmatched[1])


def test_a_default_that_one_study_writes_out_is_no_difference(tmp_path: Path) -> None:
    plain, written = resnet_config(lr=0.1), resnet_config(lr=0.1, momentum=0.9)
    space = {"defaults": {"momentum": 0.9}}
    a = write_study(tmp_path / "a", study_json({"x": plain}, space=space))
    b = write_study(tmp_path / "b", study_json({"y": written}, space={"defaults": {}}))
    c = write_study(tmp_path / "c", study_json({"z": written | {"momentum": 0.8}}))
    assert settings_of(load_study(a))["x"]["momentum"] == 0.9
    assert len(joined(a, b).lines) == 1 and joined(a, b).only[0] == ()
    assert len(joined(a, c).lines) == 0


def test_nothing_in_common_is_refused_in_one_line(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0,))
    b = fitted(tmp_path / "b", configs=[{"C": 1}, {"C": 2}], seeds=(0,))
    with pytest.raises(UserError, match=r"/a and .*/b have no configuration in common "
                       r"\(parameters: lr, width; and C\)"):  # fmt: skip
        compared(a, b)
    wider = [{**config, "width": config["width"] + 100} for config in GRID]
    c = fitted(tmp_path / "c", configs=wider, seeds=(0,))
    with pytest.raises(UserError, match=r"in common: width is .* in the first and 1"):
        compared(a, c)


def test_values_to_choose_from_are_named_where_no_row_can_be_joined(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0,))
    extra = [{**one, "mode": "x y", "drop": drop} for one in GRID for drop in (0.5, 0.6)]
    b = fitted(tmp_path / "b", configs=extra, seeds=(0,))
    says = r"several rows of .*/b differ only in drop, which .*/a does not have"
    with pytest.raises(UserError, match=says) as error:
        compared(a, b)
    conditions = [condition(text) for text in re.findall(r"--where (\S+)", str(error.value))]
    assert conditions == [("drop", "0.5")]
    found = join(*narrowed([load_study(a), load_study(b)], conditions))
    assert len({*found.first.rows.loc[found.lines["a"], "config_id"]}) == len(GRID)


def test_no_option_is_advised_where_both_studies_have_parameters_of_their_own(
    tmp_path: Path,
) -> None:
    a, b = (
        fitted(tmp_path / own, configs=[{"lr": 0.1, own: value} for value in (1, 2)], seeds=(0,))
        for own in ("depth", "C")
    )
    with pytest.raises(UserError, match=r"have only lr in common, and several rows") as error:
        compared(a, b)
    assert "--where" not in str(error.value)
