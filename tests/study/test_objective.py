"""The objective: what a row scores, and which of two scores is better."""

from __future__ import annotations

from typing import Any

import pytest

from tune_app.study.objective import Objective


def test_the_mode_decides_which_score_is_better() -> None:
    largest, smallest = Objective("val_accuracy", "max"), Objective("val_loss", "min")
    assert largest.prefers(0.9, 0.8) and not largest.prefers(0.8, 0.9)
    assert smallest.prefers(-0.9, -0.8) and not smallest.prefers(0.9, 0.8)
    for objective in (largest, smallest):
        assert objective.prefers(0.5, None) and not objective.prefers(0.5, 0.5)


@pytest.mark.parametrize("value", [None, True, "0.5", float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_finite_number_is_no_score(value: Any) -> None:
    objective = Objective("val_loss", "min")
    assert objective.score({"val_loss": value, "val_accuracy": 1}) is None
    assert objective.score({"val_loss": 2}) == 2.0


def test_a_study_file_without_one_has_the_default_of_a_space() -> None:
    assert Objective.of_study({"space": {}}) == Objective("val_accuracy", "max")
    assert Objective.of_study({"space": {"metric": 3, "mode": []}}).metric == "val_accuracy"
    space = {"metric": "val_rmse", "mode": "min"}
    assert Objective.of_study({"space": space}) == Objective("val_rmse", "min")
