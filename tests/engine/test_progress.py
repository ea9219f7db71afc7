"""What a display is told of a cluster that can run nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ray.tune.experiment import Trial
from rich.console import Console

from tune_app.cli.progress_display import StudyProgress
from tune_app.engine import progress
from tune_app.planning.plan import Plan
from tune_app.planning.resources import Cluster
from tune_app.study.measures import Measures


def waiting(name: str, **resources: float) -> Trial:
    trial = Trial("resnet", stub=True, trial_id=name)
    trial.config = {"plan": {"resources": resources, "name": name, "trial_key": name}}
    return trial


def test_what_no_node_can_hold_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.0)
    nodes: list[dict[str, float]] = [{"CPU": 4.0}]
    out = io.StringIO()
    display = StudyProgress(Plan((), {}, (), 0, 0), float, Measures(), Console(file=out))
    told = progress.ProgressCallback(display, lambda: Cluster(tuple(nodes)), lambda _id: False)
    trials = [waiting("a", CPU=1.0, GPU=1.0), waiting("b", CPU=1.0, GPU=1.0)]

    def look(*those: Any) -> str:
        before = len(out.getvalue())
        told.on_step_end(0, list(those))
        return out.getvalue()[before:]

    assert "nothing can run: no GPU in the cluster; wait for such a node" in look(*trials)
    assert look(*trials) == ""
    assert look(*trials, waiting("c", CPU=1.0)) == "", "one of them only waits for its turn"
    nodes.append({"CPU": 4.0, "GPU": 1.0})
    assert look(*trials) == ""
    nodes.pop()
    assert "no GPU" in look(*trials), "it left again"
    trials[0].set_status(Trial.TERMINATED)
    trials[1].set_status(Trial.TERMINATED)
    assert look(*trials) == ""
