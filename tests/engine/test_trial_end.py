"""Why a trial that ended without an error has no result."""

from __future__ import annotations

from typing import Any

import pytest

from tune_app.engine.trial_end import Written, why_incomplete
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule

RULE = ResultRule(Objective("loss", "min"))


def written(*rows: dict[str, Any]) -> Written:
    noted = Written()
    for row in rows:
        noted.add(row, RULE)
    return noted


def why(
    noted: Written,
    milestones: tuple[int, ...] = (0,),
    *,
    is_own: bool = True,
    resumed: bool = False,
) -> str:
    resume_from = ["tune/001/a/checkpoint_000001"] if resumed else []
    plan = {"milestones": list(milestones), "resume_from": resume_from}
    return why_incomplete(plan, noted, RULE, is_own=is_own)


FIRST, SECOND = {"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}
NEVER = "it never reported loss, the metric of the search space; it reported "


def test_what_was_written_is_noted() -> None:
    noted = written(FIRST, {"epoch": 2, "acc": 1, "milestone": 2}, {"epoch": 3, "loss": "low"})
    assert noted.rows == {(1, None), (2, 2), (3, None)}
    assert noted.last == {"epoch": 3, "loss": "low"}
    assert noted.scores == {1: 0.5}
    assert list(noted.reported) == ["epoch", "loss", "acc", "milestone"]


def test_an_attempt_that_begins_again_replaces_its_own_epoch_too() -> None:
    noted = written(FIRST, SECOND, {"epoch": 3, "loss": 0.3})
    noted.begin()
    assert noted.begins_again and noted.earlier == {(1, None), (2, None), (3, None)}
    noted.replace_from(2)
    assert noted.rows == {(1, None)} and noted.scores == {1: 0.5} and not noted.begins_again


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([FIRST, SECOND], ""),
        ([FIRST, {"epoch": 2}], ""),
        ([{"epoch": 1, "loss": float("nan")}], ""),
        ([], "it returned without a report; report its results with tune.report({...})"),
        ([{"epoch": 1, "acc": 0.5, "f1": 1, "num_threads": 1, "pid": 3}], f"{NEVER}acc, f1"),
        ([{"epoch": 1, "pid": 3}], f"{NEVER}nothing else"),
    ],
)
def test_a_function_that_returned_has_reported_the_objective(
    rows: list[dict[str, Any]], reason: str
) -> None:
    assert why(written(*rows)) == reason


def test_an_objective_that_cannot_be_recorded_is_named() -> None:
    noted = written({"epoch": 1, "acc": 0.5, "report_note": "'loss' is not recorded (complex)"})
    assert why(noted) == (
        "it reported no number as loss, the metric of the search space: 'loss' is not recorded "
        "(complex)"
    )


@pytest.mark.parametrize("value", ["low", True, [1]])
def test_an_objective_that_is_no_number_is_named(value: Any) -> None:
    reason = f"loss, the metric of the search space, was reported as {value!r}; allowed: a number"
    assert why(written({"epoch": 1, "loss": value})) == reason


@pytest.mark.parametrize("rows", [[], [{"epoch": 7, "acc": 0.5}]])
def test_a_resumed_function_may_have_reported_it_before(rows: list[dict[str, Any]]) -> None:
    assert why(written(*rows), resumed=True) == ""


def test_a_milestone_that_was_not_reached_is_named() -> None:
    reason = "it ended after epoch {} without reporting milestone 4, which its rows need"
    for is_own in (True, False):
        assert why(written(FIRST, SECOND), (2, 4), is_own=is_own) == reason.format(2)
        middle = {**SECOND, "milestone": 2}
        reached = written(FIRST, middle, {**SECOND, "epoch": 4, "milestone": 4})
        assert why(reached, (2, 4), is_own=is_own) == ""
    assert why(written(), (2, 4), is_own=False) == reason.format(0)
    assert why(written(), (2, 4)).startswith("it returned without a report")


def test_a_milestone_without_the_objective_is_named() -> None:
    rows = written(FIRST, {"epoch": 4, "acc": 0.5})
    assert why(rows, (2, 4)) == "its report of epoch 4 lacks loss, the metric of the space"
    assert "without reporting milestone 4" in why(rows, (2, 4), is_own=False)


def test_so_is_one_before_the_last() -> None:
    rows = written(FIRST, {"epoch": 2, "acc": 0.5}, {"epoch": 4, "loss": 0.4, "milestone": 4})
    assert why(rows, (2, 4)) == "its report of epoch 2 lacks loss, the metric of the space"
    assert why(rows, (2, 4), is_own=False) == why(rows, (4,)) == ""
    skipped = "it reported later epochs, but not epoch 3, which its rows need"
    assert why(rows, (3, 4)) == skipped
    assert why(rows, (3, 4), resumed=True) == "", "an earlier launch may have reported it"


def test_training_that_diverged_need_not_reach_its_milestone() -> None:
    diverged = written(FIRST, {"epoch": 2, "status": "diverged"})
    assert why(diverged, (4,), is_own=False) == why(diverged, (4,)) == ""


def test_a_trainable_of_this_package_may_report_what_it_likes() -> None:
    assert why(written({"epoch": 4, "acc": 0.5, "milestone": 4}), (4,), is_own=False) == ""


def test_a_row_that_cannot_be_recorded_comes_first() -> None:
    noted = written(FIRST)
    noted.refused = "epoch is 0; allowed: a whole number from 1"
    assert why(noted) == f"it reported a row that cannot be recorded: {noted.refused}"
