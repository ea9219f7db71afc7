"""What a person is told while a study runs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ray.tune.experiment import Trial
from rich.console import Console

from tune_app.cli import progress_display as progress
from tune_app.cli.progress_display import StudyProgress
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.planning.resources import Cluster


def waiting(name: str, **resources: float) -> Trial:
    trial = Trial("resnet", stub=True, trial_id=name)
    trial.config = {"plan": {"resources": resources, "name": name, "trial_key": name}}
    return trial


def plan(*trials: PlannedTrial, finished: int = 0, num_rows: int = 0) -> Plan:
    rows = {(f"old{i}", 0): "ok" for i in range(finished)}
    return Plan(trials, rows, (), num_rows, 0)


def test_what_no_node_can_hold_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.0)
    nodes: list[dict[str, float]] = [{"CPU": 4.0}]
    out = io.StringIO()
    shown = StudyProgress(
        plan(), [], "val_accuracy", Console(file=out), lambda: Cluster(tuple(nodes))
    )
    trials = [waiting("a", CPU=1.0, GPU=1.0), waiting("b", CPU=1.0, GPU=1.0)]

    def look(*those: Any) -> str:
        before = len(out.getvalue())
        shown.on_step_end(0, list(those))
        return out.getvalue()[before:]

    assert "nothing can run: no GPU in the cluster; the study goes on" in look(*trials)
    assert look(*trials) == ""
    assert look(*trials, waiting("c", CPU=1.0)) == "", "one of them only waits for its turn"
    nodes.append({"CPU": 4.0, "GPU": 1.0})
    assert look(*trials) == ""
    nodes.pop()
    assert "no GPU" in look(*trials), "it left again"
    trials[0].set_status(Trial.TERMINATED)
    trials[1].set_status(Trial.TERMINATED)
    assert look(*trials) == ""


def running(key: str) -> Trial:
    trial = Trial("toy", stub=True, trial_id=key)
    trial.config = {"plan": {"resources": {}, "name": key, "trial_key": key}}
    return trial


def test_lines_follow_the_objective_and_count_the_studys_rows() -> None:
    out = io.StringIO()
    serves = {2: ("a",), 4: ("b", "c")}
    trials = [PlannedTrial(k, k, {"seed": 0}, (2, 4), serves, {}) for k in ("one", "two")]
    shown = StudyProgress(
        plan(*trials, finished=2, num_rows=9),
        [1.0, 1.0],
        "val_rmse",
        Console(file=out, force_terminal=True, width=120),
        lambda: Cluster(()),
    )
    one, two = running("one"), running("two")
    shown.setup()
    shown.on_trial_start(0, [], one)
    shown.on_trial_result(0, [], one, {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown) and "val_rmse 12.3" in drawn(shown)
    shown.on_trial_result(0, [], one, {"epoch": 2, "milestone": 2, "val_rmse": 12.3})
    assert "(3 of 9 rows)" in drawn(shown), "a milestone that a retry reports again"
    last = {"epoch": 4, "milestone": 4, "val_rmse": 9.5, "test_rmse": 1230.0, "val_accuracy": 0.5}
    shown.on_trial_result(0, [], one, last)
    shown.stop()
    shown.on_trial_complete(0, [], one)
    assert out.getvalue().endswith("one: epoch 4  val_rmse 9.5  test_rmse 1230\n")
    shown.on_trial_result(0, [], two, {"epoch": 1, "status": "diverged", "val_rmse": float("nan")})
    shown.on_trial_complete(0, [], two)
    assert shown._rows_done == 8
    assert "two: epoch 1  val_rmse not known  diverged: the loss" in out.getvalue()


def drawn(shown: StudyProgress) -> str:
    """Return what stands on the terminal now."""
    assert shown._live is not None
    text = io.StringIO()
    Console(file=text, width=120).print(shown._live.renderable)
    return text.getvalue()
