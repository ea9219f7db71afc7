"""What a person is told while a study runs."""

from __future__ import annotations

import io

from rich.console import Console

from tune_app.cli.progress_display import StudyProgress
from tune_app.planning.plan import Plan, PlannedTrial


def plan(*trials: PlannedTrial, finished: int = 0, num_rows: int = 0) -> Plan:
    rows = {(f"old{i}", 0): "ok" for i in range(finished)}
    return Plan(trials, rows, (), num_rows, 0)


def test_lines_follow_the_objective_and_count_the_studys_rows() -> None:
    out = io.StringIO()
    serves = {2: ("a",), 4: ("b", "c")}
    trials = [PlannedTrial(k, k, {"seed": 0}, (2, 4), serves, {}) for k in ("one", "two")]
    shown = StudyProgress(
        plan(*trials, finished=2, num_rows=9),
        [1.0, 1.0],
        "val_rmse",
        Console(file=out, force_terminal=True, width=120),
    )
    shown.begin()
    shown.started("one", "one")
    shown.reported("one", "one", {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown) and "val_rmse 12.3" in drawn(shown)
    shown.reported("one", "one", {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown), "a milestone that a retry reports again"
    last = {"epoch": 4, "milestone": 4, "val_rmse": 9.5, "test_rmse": 1230.0, "val_accuracy": 0.5}
    shown.reported("one", "one", last)
    shown.stop()
    shown.completed("one", "one")
    assert out.getvalue().endswith("one: epoch 4  val_rmse 9.5  test_rmse 1230\n")
    shown.reported("two", "two", {"epoch": 1, "status": "diverged", "val_rmse": float("nan")})
    shown.completed("two", "two")
    assert shown._rows_done == 8
    assert "two: epoch 1  val_rmse not known  diverged: the loss" in out.getvalue()


def drawn(shown: StudyProgress) -> str:
    """Return what stands on the terminal now."""
    assert shown._live is not None
    text = io.StringIO()
    Console(file=text, width=120).print(shown._live.renderable)
    return text.getvalue()
