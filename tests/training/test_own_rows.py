"""Rows made from what a user's function reports."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from search_spaces.reserved import ALLOWED_METRICS
from tune_app.study.objective import Objective
from tune_app.training.own_rows import OwnRows


def own_rows(*milestones: int, epoch: int = 0, shift: int = 0) -> OwnRows:
    parameters = frozenset({"lr", "epochs"})
    return OwnRows(milestones, Objective("loss", "min"), parameters, epoch=epoch, shift=shift)


def epochs(rows: OwnRows, *given: Any) -> list[int]:
    """Return the epochs of reports that name an epoch, or name none if it is None."""
    reports = [{"loss": 1.0} if epoch is None else {"loss": 1.0, "epoch": epoch} for epoch in given]
    return [rows.row(report)["epoch"] for report in reports]


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ((None, None, None), [1, 2, 3]),
        ((1, 2, 3), [1, 2, 3]),
        ((0, 1, 2), [1, 2, 3]),
        ((0.0, 1.0), [1, 2]),
        ((np.int64(0), np.int64(1)), [1, 2]),
        ((torch.tensor(0), torch.tensor(5)), [1, 6]),
        ((5, 10, 15), [5, 10, 15]),
        ((1, 1, 2), [1, 1, 2]),
        ((2, 0), [2, 3]),  # it does not count from 0
        ((0, 0), [1, 1]),
        ((-1, -2), [1, 2]),
        ((False, True), [1, 2]),
        ((1, 2.5, 3), [1, 2, 3]),
        ((0.5, 1.0, 1.5), [1, 1, 2]),
        (("first", "second"), [1, 2]),
        ((float("nan"), 10**12), [1, 2]),
        ((None, 7, None), [1, 7, 8]),
    ],
)
def test_an_epoch_is_the_one_that_is_named_else_reports_are_counted(
    given: tuple[Any, ...], counted: list[int]
) -> None:
    assert epochs(own_rows(), *given) == counted


def test_a_function_goes_on_counting_where_its_checkpoint_ends() -> None:
    assert epochs(own_rows(epoch=3), None, None) == [4, 5]
    assert epochs(own_rows(epoch=3, shift=1), 3, 4) == [4, 5]
    assert epochs(own_rows(epoch=3), 4, 5) == [4, 5]
    assert epochs(own_rows(epoch=3, shift=1), 0, 1) == [1, 2], "it began anew all the same"


@pytest.mark.parametrize("epoch", [2.5, "first", True, -1])
def test_an_epoch_that_cannot_be_counted_is_kept_under_another_name(epoch: Any) -> None:
    assert own_rows().row({"loss": 1.0, "epoch": epoch}) == {
        "loss": 1.0,
        "epoch": 1,
        "reported_epoch": epoch,
    }


def test_a_name_that_the_study_uses_is_kept_under_another_name() -> None:
    reported = {"loss": 1.0, "milestone": 7, "training_iteration": 9, "seed": 3, "pid": 1}
    reported |= {"lr": 0.1, "status": "done", "done": True, "my_own": 2}
    assert own_rows().row(reported) == {
        "epoch": 1,
        "loss": 1.0,
        "reported_milestone": 7,
        "reported_training_iteration": 9,
        "reported_seed": 3,
        "reported_pid": 1,
        "reported_lr": 0.1,
        "reported_status": "done",
        "done": True,
        "my_own": 2,
    }


def test_a_status_of_a_row_counts() -> None:
    assert own_rows().row({"loss": 1.0, "status": "unconverged"})["status"] == "unconverged"


def test_an_objective_with_a_name_of_the_study_is_found() -> None:
    rows = OwnRows((), Objective("time_total_s", "min"))
    assert rows.row({"time_total_s": 3.0}) == {"time_total_s": 3.0, "epoch": 1}


def test_the_values_of_a_mapping_are_measures_as_in_ray_tune() -> None:
    rows = OwnRows((1, 2), Objective("val/rmse", "min"))
    reported = {"val": {"rmse": np.float32(3), "of": {"cat": 1, "dog": [2]}}, "config": {"a": 1}}
    row = {"val/rmse": 3.0, "val/of/cat": 1, "val/of/dog": [2], "reported_config/a": 1}
    assert rows.row(reported) == {**row, "epoch": 1, "milestone": 1}
    assert rows.improves(reported) and not rows.improves(reported)
    assert rows.improves({"val/rmse": 2.0}) and not rows.improves({"val": 1.0})


def test_a_value_of_a_mapping_that_is_not_recorded_takes_no_other_with_it() -> None:
    rows = OwnRows((), Objective("val/rmse", "min"))
    itself: dict[str, Any] = {}
    itself["self"] = itself
    reported = {"val": {"rmse": 3.0, "seen": object(), "deep": itself}}
    assert rows.improves(reported)
    row = rows.row(reported)
    assert row.pop("report_note").startswith("'val/seen' is not recorded (object); 'val/deep/self/")
    assert row == {"val/rmse": 3.0, "epoch": 1}


def test_the_values_of_a_deep_mapping_are_measures_too() -> None:
    deep: Any = 1.0
    for name in "gfedcba":
        deep = {name: deep}
    assert OwnRows((), Objective("x", "min")).row(deep) == {"a/b/c/d/e/f/g": 1.0, "epoch": 1}


def test_a_second_objective_may_have_a_name_that_a_metric_may_have() -> None:
    row = {"loss": 1.0, **dict.fromkeys(ALLOWED_METRICS, 2.0)}
    assert own_rows().row(row) == {**row, "epoch": 1}


def test_milestones_are_marked_until_the_last_one() -> None:
    rows = own_rows(2, 4)
    marks = []
    for _ in range(4):
        assert not rows.is_complete
        assert rows.is_last({"loss": 1.0}) == (len(marks) == 3)
        marks.append(rows.row({"loss": 1.0}).get("milestone"))
    assert marks == [None, 2, None, 4] and rows.is_complete


def test_without_milestones_only_the_function_knows_its_end() -> None:
    rows = own_rows()
    assert not rows.is_last({"loss": 1.0})
    rows.row({"loss": 1.0})
    assert not rows.is_complete


@pytest.mark.parametrize("epoch", [4, 4.0, np.int64(4), torch.tensor(4)])
def test_the_last_report_is_known_before_it_is_made(epoch: Any) -> None:
    assert own_rows(4).is_last({"epoch": epoch})
    assert not own_rows(5).is_last({"epoch": epoch})
    assert own_rows(5, shift=1).is_last({"epoch": epoch})


def test_a_result_that_is_no_number_is_diverged_at_a_milestone() -> None:
    rows = own_rows(2, 4)
    found = [rows.row({"loss": loss}) for loss in (math.nan, math.inf, math.nan, 1.0)]
    assert [row.get("status") for row in found] == [None, "diverged", None, None]


@pytest.mark.parametrize("row", [{"acc": 0.5}, {"loss": "low"}])
def test_a_milestone_without_the_objective_is_none(row: dict[str, object]) -> None:
    assert own_rows(1).row(row) == {**row, "epoch": 1}


def test_what_is_not_recorded_is_noted_once() -> None:
    rows = own_rows()
    reported = {"loss": 1.0, "names": {"a"}, 7: 1, "image": np.zeros((64, 64, 3))}
    first, second = rows.row(reported), rows.row({**reported, "other": {1}})
    assert first == {
        "loss": 1.0,
        "epoch": 1,
        "report_note": "'names' is not recorded (set); '7' is not recorded (its name is of "
        "type int, not text); 'image' is not recorded (ndarray of shape (64, 64, 3))",
    }
    assert second == {"loss": 1.0, "epoch": 2, "report_note": "'other' is not recorded (set)"}


def test_it_knows_what_was_reported() -> None:
    rows = own_rows()
    rows.row({"acc": 1, "epoch": 1})
    assert list(rows.measures) == ["acc"]
    rows.row({"loss": np.float32(0.5), "x": {1}})
    assert list(rows.measures) == ["acc", "loss"]
