from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.frames.load import load_analysis, load_study
from tests.studies import (
    A2,
    line,
    plan,
    prefix_study,
    write_trial,
)


def test_load_analysis_of_ray_objects(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    torn = write_trial(path, "k1", A2, {2: ["a2"]}, [line(1), line(2, milestone=True)], torn='{"e')
    foreign = SimpleNamespace(
        trial_id="t2", status="TERMINATED", path=str(tmp_path / "gone"), config={"lr": 0.1}
    )
    broken = SimpleNamespace(
        trial_id="t3", status="ERROR", path=None, config={"lr": 0.2}, last_result=None
    )
    analysis = SimpleNamespace(
        trials=[
            SimpleNamespace(trial_id="t1", status="TERMINATED", path=str(torn)),
            foreign,
            broken,
        ],
        trial_dataframes={
            "t2": pd.DataFrame(
                {"training_iteration": [1, 2], "score": [0.5, np.nan], "config/lr": [0.1, 0.1]}
            )
        },
    )
    trials, epochs = load_analysis(analysis)
    assert list(trials["status"]) == ["finished", "finished", "failed"]
    assert list(trials["trial_key"]) == ["k1", "live/t2", "live/t3"]
    assert list(trials["num_epochs"]) == [2, 2, 0]
    assert list(trials["lr"]) == [0.001, 0.1, 0.2]
    assert list(epochs["score"].dropna()) == [0.5]
    assert "config/lr" not in epochs


def test_load_analysis_of_a_result_grid(tmp_path: Path) -> None:
    class Raises:
        trial_id = "t1"
        error = ValueError("boom")

        def __init__(self) -> None:
            config = {"lr": 0.3, "plan": plan("k9", {})}
            self.metrics = {"training_iteration": 3, "score": 1.5, "config": config}

        @property
        def path(self) -> str:
            raise RuntimeError("no path yet")

    trials, epochs = load_analysis([Raises()])
    assert trials["status"].item() == "failed"
    assert trials["reason"].item() == "boom"
    assert trials["trial_key"].item() == "k9"
    assert epochs["epoch"].item() == 3
    assert epochs["lr"].item() == 0.3


@pytest.mark.slow
def test_frames_of_a_real_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    ray = pytest.importorskip("ray")
    from ray import tune

    path = prefix_study(tmp_path)
    serves = {0.1: plan("k1", {2: ["a2"]}), 0.2: plan("k2", {2: ["a5"]})}

    def trainable(config: dict[str, Any]) -> None:
        tune.report({"epoch": 1, "val_accuracy": np.float32("nan"), "status": "ok"})
        if config["lr"] == 0.2:
            raise ValueError("boom")
        tune.report({"epoch": 2, "milestone": 2, "val_accuracy": 0.9, "status": "ok"})

    def choose_plan(spec: Any) -> Any:
        return serves[spec.config.lr]

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        grid = tune.Tuner(
            trainable,
            param_space={
                "lr": tune.grid_search([0.1, 0.2]),
                "seed": 0,
                "plan": tune.sample_from(choose_plan),
            },
            run_config=tune.RunConfig(storage_path=str(path / "tune"), name="001", verbose=0),
        ).fit()
        for live in (grid, grid._experiment_analysis):
            trials, epochs = load_analysis(live)
            assert list(trials["status"]) == ["finished", "failed"]
            assert list(trials["reason"]) == ["", "ValueError: boom"]
            assert list(epochs["trial_key"]) == ["k1", "k1", "k2"]
            assert list(epochs["val_accuracy"].dropna()) == [0.9]
    finally:
        ray.shutdown()
    study = load_study(path)
    assert list(study.rows["status"]) == ["finished", "failed"]
    assert list(study.rows["reason"]) == ["", "ValueError: boom"]
