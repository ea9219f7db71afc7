"""What is recorded of a user's function that is tried again in one launch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recorders import own_trial
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_directory import read_directory
from tune_app.study.trials import join_directories


@pytest.mark.parametrize("best", [False, True])
def test_the_result_of_a_function_is_of_the_attempt_that_returned(
    tmp_path: Path, best: bool
) -> None:
    """The attempt before had failed after more epochs, with better numbers."""
    at_work, trial, folder = own_trial(tmp_path, [0], config_ids=["a"])
    trial.config["plan"]["serves"] = {"0": ["a"]}
    for num_epochs, gain in ((7, 0.1), (5, 0.05)):
        at_work.log_trial_start(trial)
        for epoch in range(1, num_epochs + 1):
            at_work.log_trial_result(epoch, trial, {"epoch": epoch, "acc": gain * epoch})
    at_work.log_trial_end(trial)
    directory = read_directory(folder, "001")
    assert directory is not None and directory.last_epoch == 5
    rule = ResultRule(Objective("acc", "max"), takes_best=best)
    [joined] = join_directories([directory], rule)
    assert {e: r.record["acc"] for e, r in joined.history.items()} == pytest.approx(
        {epoch: 0.05 * epoch for epoch in range(1, 6)}
    )
    report = joined.outcome(5).report
    assert report is not None and report.record["acc"] == 0.25


def test_a_function_that_goes_on_keeps_its_rows_before_the_checkpoint(tmp_path: Path) -> None:
    at_work, trial, folder = own_trial(tmp_path, [0], config_ids=["a"])
    trial.config["plan"]["serves"] = {"0": ["a"]}
    for epochs, gain in ((range(1, 5), 0.1), (range(3, 4), 0.2)):  # from the checkpoint of epoch 2
        at_work.log_trial_start(trial)
        for epoch in epochs:
            at_work.log_trial_result(epoch, trial, {"epoch": epoch, "acc": gain * epoch})
    at_work.log_trial_end(trial)
    directory = read_directory(folder, "001")
    assert directory is not None
    [joined] = join_directories([directory], ResultRule(Objective("acc", "max"), takes_best=True))
    assert {e: r.record["acc"] for e, r in joined.history.items()} == pytest.approx(
        {1: 0.1, 2: 0.2, 3: 0.6}
    )
