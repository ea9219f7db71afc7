"""What a person is told while a study runs."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from search_spaces import Measure
from search_spaces.configuration import Config
from tune_app.cli import work_done
from tune_app.cli.progress_display import StudyProgress
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.study.measures import Measures
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_record import AT_RETURN


def plan(*trials: PlannedTrial, finished: int = 0, num_rows: int = 0) -> Plan:
    rows = {(f"old{i}", 0): "ok" for i in range(finished)}
    return Plan(trials, rows, (), num_rows, 0)


def equal(_config: Config) -> float:
    return 1.0


def test_lines_follow_the_objective_and_count_the_studys_rows() -> None:
    out = io.StringIO()
    serves = {2: ("a",), 4: ("b", "c")}
    trials = [PlannedTrial(k, k, {"seed": 0}, (2, 4), serves, {}) for k in ("one", "two")]
    shown = StudyProgress(
        plan(*trials, finished=2, num_rows=9),
        equal,
        Measures("val_rmse", "min", {"val_rmse": Measure(unit="mm")}),
        Console(file=out, force_terminal=True, width=120),
    )
    shown.begin()
    shown.started("one", "one")
    shown.reported("one", "one", {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown) and "val_rmse 12.3 mm" in drawn(shown)
    shown.reported("one", "one", {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown), "a milestone that a retry reports again"
    last = {"epoch": 4, "milestone": 4, "val_rmse": 9.5, "test_rmse": 1230.0, "val_accuracy": 0.5}
    shown.reported("one", "one", last)
    shown.stop()
    shown.completed("one", "one")
    assert out.getvalue().endswith("one: epoch 4  val_rmse 9.5 mm  test_rmse 1230 mm\n")
    shown.reported("two", "two", {"epoch": 1, "status": "diverged", "val_rmse": float("nan")})
    shown.completed("two", "two")
    assert shown._rows_done == 8
    assert "two: epoch 1  val_rmse not known  diverged: the loss" in out.getvalue()


def test_rows_that_the_launch_leaves_out_are_not_waited_for() -> None:
    trial = PlannedTrial("one", "one", {"seed": 0}, (1,), {1: ("a",)}, {})
    left_out = frozenset({("b", 0), ("c", 0)})
    part = Plan((trial,), {}, (), 3, 1, left_out=left_out)
    shown = StudyProgress(part, equal, Measures(), Console(file=io.StringIO(), force_terminal=True))
    shown.begin()
    assert "(0 of 1 rows)" in drawn(shown)
    shown.stop()


class Clock:
    """Stands in for ``time``."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_trials_of_unknown_length_are_counted_and_timed_by_those_that_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, out = Clock(), io.StringIO()
    monkeypatch.setattr(work_done, "time", clock)
    names = ("a", "b", "c", "d")
    trials = [PlannedTrial(k, k, {"seed": 0}, (AT_RETURN,), {AT_RETURN: (k,)}, {}) for k in names]
    console = Console(file=out, force_terminal=True, width=120)
    shown = StudyProgress(plan(*trials, num_rows=4), equal, Measures("score", "max"), console)
    shown.begin()
    for name in "ab":
        shown.started(name, name)
    clock.now = 105.0
    shown.reported("a", "a", {"epoch": 1, "score": 90.0, "time_total_s": 5.0})
    assert shown.seconds_left() is None, "no trial has ended"
    assert "(0 of 4 rows)" in drawn(shown) and "epoch 1  score 90" in drawn(shown)
    clock.now = 110.0
    shown.completed("a", "a")
    assert "1 of 4 trials (1 of 4 rows)" in drawn(shown)
    # In 10 s, a and all of b's expected 10 s were done: c and d take as long again.
    assert shown.seconds_left() == pytest.approx(10.0)
    shown.started("c", "c")
    clock.now = 115.0
    assert shown.seconds_left() == pytest.approx(1.5 * 15 / 2.5)
    for name in "bcd":
        shown.completed(name, name)
    assert shown.seconds_left() == 0.0 and shown._rows_done == 4
    shown.stop()


def test_a_finished_trial_is_shown_with_its_result_which_may_be_an_earlier_row() -> None:
    out = io.StringIO()
    trial = PlannedTrial("a", "a", {"seed": 0}, (AT_RETURN,), {AT_RETURN: ("a",)}, {})
    for rule, expected in (
        (ResultRule(Objective("loss", "min"), takes_best=True), "a: epoch 2  loss 1.5"),
        (ResultRule(Objective("loss", "min")), "a: epoch 3  loss 4"),
    ):
        measures, console = Measures("loss", "min"), Console(file=out)
        shown = StudyProgress(plan(trial), equal, measures, console, rule)
        shown.started("a", "a")
        for epoch, loss in ((1, 3.0), (2, 1.5), (3, 4.0)):
            shown.reported("a", "a", {"epoch": epoch, "loss": loss})
        shown.completed("a", "a")
        assert out.getvalue().splitlines()[-1].endswith(expected)


@pytest.mark.parametrize("last", [{}, {"loss": "done"}])
def test_a_last_row_without_the_objective_is_no_result(last: dict[str, str]) -> None:
    out = io.StringIO()
    trial = PlannedTrial("a", "a", {"seed": 0}, (AT_RETURN,), {AT_RETURN: ("a",)}, {})
    rule = ResultRule(Objective("loss", "min"))
    shown = StudyProgress(plan(trial), equal, Measures("loss", "min"), Console(file=out), rule)
    shown.started("a", "a")
    for row in ({"acc": 1.0}, {"loss": 1.5}, last):
        shown.reported("a", "a", {"epoch": len(shown._latest) + 1, **row})
    shown.completed("a", "a")
    assert out.getvalue().splitlines()[-1].endswith("loss 1.5")


def test_a_function_that_ends_with_nan_is_said_to_have_diverged() -> None:
    out = io.StringIO()
    trial = PlannedTrial("a", "a", {"seed": 0}, (AT_RETURN,), {AT_RETURN: ("a",)}, {})
    shown = StudyProgress(plan(trial), equal, Measures("reward", "max"), Console(file=out))
    shown.started("a", "a")
    shown.reported("a", "a", {"epoch": 1, "reward": float("nan")})
    shown.completed("a", "a")
    assert "diverged: reward is not a finite number" in out.getvalue()


def test_a_users_own_percentage_is_no_share_even_when_it_is_small() -> None:
    out = io.StringIO()
    trial = PlannedTrial("a", "a", {"seed": 0}, (2,), {2: ("a",)}, {})
    shown = StudyProgress(plan(trial), equal, Measures(), Console(file=out))
    shown.started("a", "a")
    shown.reported("a", "a", {"epoch": 1, "val_accuracy": 90.0, "train_seconds": "long"})
    shown.reported("a", "a", {"epoch": 2, "val_accuracy": 0.5, "train_seconds": "long"})
    shown.completed("a", "a")
    assert "a: epoch 2  val_accuracy 0.5\n" in out.getvalue()


def drawn(shown: StudyProgress) -> str:
    """Return what stands on the terminal now."""
    assert shown._live is not None
    text = io.StringIO()
    Console(file=text, width=120).print(shown._live.renderable)
    return text.getvalue()


def test_trials_of_a_search_are_counted_as_they_come() -> None:
    out = io.StringIO()
    shown = StudyProgress(
        plan(),
        lambda config: float(config["epochs"]),
        Measures("score", "max"),
        Console(file=out, width=200),
        num_more=2,
    )
    one, two = (
        PlannedTrial(k, k, {"seed": 0, "epochs": 9}, (9,), {9: (k,)}, {}) for k in ("one", "two")
    )
    shown.added(one)
    shown.started("one", "one")
    shown.reported("one", "one", {"epoch": 1, "score": 0.25})
    shown.halted("one", "one", "stopped by asha at epoch 1 of 9")
    assert out.getvalue().startswith("[1/2")
    assert out.getvalue().endswith("one: epoch 1  score 0.25  stopped by asha at epoch 1 of 9\n")
    shown.added(two)
    shown.added(one.taken_further(1))
    shown.started("one", "one-e1")
    shown.reported("one", "one-e1", {"epoch": 9, "milestone": 9, "score": 0.75})
    shown.completed("one", "one-e1")
    line = out.getvalue().splitlines()[-1]
    assert line.startswith("[1/2") and line.endswith("one-e1: epoch 9  score 0.75")
    assert shown._work.share == 0.5 and shown._rows_done == 1
