"""Trials over several launches, and the end of one that ends when its function returns."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trials import Trial, join_directories

LAST, BEST = (ResultRule(Objective("loss", "min"), takes_best=best) for best in (False, True))


def directory(
    launch: str,
    losses: dict[int, float | None],
    *,
    returned: bool = False,
    error: str = "",
    serves: dict[str, list[str]] | None = None,
    after_epoch: int = 0,
) -> TrialDirectory:
    """Return what a launch recorded of a trial: epoch -> loss, or None without the objective."""
    rows: list[dict[str, Any]] = [
        {"epoch": epoch, "launch": launch} | ({} if loss is None else {"loss": loss})
        for epoch, loss in losses.items()
    ]
    plan: dict[str, Any] = {"trial_key": "k", "serves": serves or {"0": ["a"]}}
    plan |= {"after_epoch": after_epoch} if after_epoch else {}
    return TrialDirectory(launch, "trial", {"seed": 3}, plan, rows, error=error, returned=returned)


def joined(*directories: TrialDirectory, rule: ResultRule = LAST) -> Trial:
    [trial] = join_directories(directories, rule)
    return trial


@pytest.mark.parametrize(
    ("rule", "losses", "epoch"),
    [
        (LAST, {1: 0.3, 2: 0.1, 3: 0.2}, 3),
        (BEST, {1: 0.3, 2: 0.1, 3: 0.2}, 2),
        (LAST, {5: 0.3, 10: 0.1, 11: None}, 10),
        (BEST, {1: math.nan, 2: 0.2, 3: math.nan}, 2),
    ],
)
def test_a_function_that_returned_has_the_epoch_of_its_result_as_milestone(
    rule: ResultRule, losses: dict[int, float | None], epoch: int
) -> None:
    trial = joined(directory("001", losses, returned=True), rule=rule)
    assert trial.serves == {epoch: ["a"]} and trial.rows() == {("a", 3): epoch}
    outcome = trial.outcome(epoch)
    assert outcome.status == "finished" and outcome.report is not None
    assert outcome.report.record == {
        "epoch": epoch,
        "launch": "001",
        "loss": losses[epoch],
        "milestone": epoch,
    }
    assert list(trial.history) == list(losses)


def test_a_function_that_has_not_returned_is_unfinished() -> None:
    trial = joined(directory("001", {1: 0.3, 2: 0.1}))
    assert trial.serves == {0: ["a"]} and trial.rows() == {("a", 3): 0}
    assert trial.outcome(0)[:2] == ("unfinished", "2 epochs, not at its end")
    assert joined(directory("001", {1: 0.3})).outcome(0).reason == "1 epoch, not at its end"


def test_a_function_that_has_not_reported_is_missing() -> None:
    assert joined(directory("001", {})).outcome(0).status == "missing"


def test_a_result_that_is_no_number_is_diverged() -> None:
    trial = joined(directory("001", {1: 0.3, 2: math.nan}, returned=True))
    assert trial.outcome(2)[:2] == ("diverged", "training diverged at epoch 2")


def test_training_diverged_where_the_numbers_ended_for_good() -> None:
    losses = {1: math.nan, 2: 0.3, 3: math.nan, 4: None, 5: math.inf}
    trial = joined(directory("001", losses, returned=True))
    assert trial.outcome(5)[:2] == ("diverged", "training diverged at epoch 3")


def test_an_error_is_the_reason_of_a_function_that_did_not_return() -> None:
    trial = joined(directory("001", {1: 0.3}, error="ValueError: boom"))
    assert trial.outcome(0)[:2] == ("failed", "ValueError: boom")


def test_a_function_without_the_objective_has_no_result() -> None:
    trial = joined(directory("001", {1: None}, returned=True))
    assert trial.serves == {0: ["a"]}
    reason = "it never reported the metric of the search space"
    assert trial.outcome(0) == ("failed", reason, None)


def test_a_resumed_function_has_one_history() -> None:
    trial = joined(
        directory("001", {1: 0.5, 2: 0.4, 3: 0.3}),
        directory("002", {3: 0.3, 4: 0.2}, returned=True),
    )
    assert trial.serves == {4: ["a"]} and trial.outcome(4).status == "finished"
    assert {e: r.record["launch"] for e, r in trial.history.items()} == {
        1: "001",
        2: "001",
        3: "002",
        4: "002",
    }


def test_the_best_row_of_a_resumed_function_may_be_of_the_first_launch() -> None:
    first, second = directory("001", {1: 0.1, 2: 0.4}), directory("002", {3: 0.3}, returned=True)
    assert joined(first, second, rule=BEST).serves == {1: ["a"]}


def test_a_function_that_went_on_after_its_last_report_has_nothing_to_report() -> None:
    first, second = directory("001", {1: 0.4, 2: 0.3}), directory("002", {}, returned=True)
    assert joined(first, second).serves == {2: ["a"]}


@pytest.mark.parametrize("rule", [LAST, BEST])
def test_rows_after_the_end_are_of_an_attempt_that_does_not_count(rule: ResultRule) -> None:
    """A function may begin anew and stop earlier than an attempt that was killed."""
    first = directory("001", {1: 0.5, 2: 0.4, 3: 0.1, 4: 0.05})
    trial = joined(first, directory("002", {1: 0.5, 2: 0.4}, returned=True), rule=rule)
    assert trial.serves == {2: ["a"]} and sorted(trial.history) == [1, 2]


def test_a_study_without_own_functions_needs_no_rule() -> None:
    [trial] = join_directories([directory("001", {1: 0.5}, returned=True)])
    assert trial.serves == {0: ["a"]}


def test_planned_milestones_stay_where_they_are() -> None:
    serves = {"1": ["a"], "2": ["b"]}
    trial = joined(directory("001", {1: 0.5, 2: 0.4}, returned=True, serves=serves))
    assert trial.serves == {1: ["a"], 2: ["b"]}


def test_continuations_within_a_launch_are_in_the_order_of_their_epochs() -> None:
    """A search may continue a trial after rung 1 and after rung 10; names do not tell which."""
    parts = [directory("001", {1: 0.5}), directory("001", {11: 0.1}, after_epoch=10)]
    parts += [
        directory("002", {12: 0.1}, after_epoch=11),
        directory("001", {2: 0.4}, after_epoch=1),
    ]
    trial = joined(*parts)
    assert [d.records[0]["epoch"] for d in trial.directories] == [1, 2, 11, 12]
    assert trial.newest.launch == "002"


def test_the_conditions_of_the_times_up_to_a_milestone() -> None:
    rows = [
        {"epoch": 1, "num_concurrent_trials": 2, "num_threads": 1, "waited_share": 0.1},
        {"epoch": 2, "num_concurrent_trials": 1, "num_threads": 1, "waited_share": 0.4},
        {"epoch": 3, "num_concurrent_trials": 4, "num_threads": 2},
        {"epoch": 4},
    ]
    plan = {"trial_key": "k", "serves": {"4": ["a"]}}
    trial = joined(TrialDirectory("001", "trial", {"seed": 3}, plan, rows))
    assert trial.conditions(2) == {
        "num_concurrent_trials": 2,
        "num_threads": 1,
        "waited_share": pytest.approx(0.25),
    }
    three, four = trial.conditions(3), trial.conditions(4)
    assert three["num_concurrent_trials"] == 4 and math.isnan(three["num_threads"])
    assert math.isnan(four["num_concurrent_trials"]) and math.isnan(four["num_threads"])
    assert three["waited_share"] == four["waited_share"] == pytest.approx(0.25)
    assert trial.conditions(0) == {}
