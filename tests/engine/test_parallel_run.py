"""A trial of two workers under Ray: equal numbers, a worker that dies, and one that raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.recorded import read_rows

pytest.importorskip("ray", reason="Ray is not installed")

from tests.engine.real_studies import run, write_space
from tune_app.engine.trial_configs import placement_group

WORKERS = """
import os, signal
from pathlib import Path
import torch
from ray import tune
from torch import distributed, nn
from tune_app import SearchSpace, classifier

class Net(nn.Module):
    def __init__(self, case, num_classes):
        super().__init__()
        self.case, self.num_steps = case, 0
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2),
            nn.Flatten(), nn.Linear(256, num_classes),
        )

    def forward(self, images):
        self.num_steps += self.training
        if self.num_steps == 20 and distributed.is_initialized() and distributed.get_rank() == 1:
            if self.case == "raises":
                raise ValueError("an odd batch")
            first = Path(FOLDER, "first")
            if self.case == "killed" and not first.exists():
                first.write_text("")
                os.kill(os.getpid(), signal.SIGKILL)
        return self.body(images)

def build(config, data):
    print("building", config["case"])
    return Net(config["case"], data.num_classes)

SPACE = SearchSpace(
    name="workers", trainable=classifier(models={"net": build}),
    param_space={
        "dataset": "mnist", "case": tune.grid_search(["plain", "killed", "raises"]),
        "batch_size": 10, "optimizer": "adam", "lr": 1e-2, "epochs": 3, "workers": 2,
    },
)
"""
TIMES = (
    *("second", "time", "memory", "pid", "trial_id", "date", "warm_up", "waited"),
    *("checkpoint", "restore"),
)


def test_workers_have_a_bundle_each_on_one_node_and_the_trial_none() -> None:
    group = placement_group({"plan": {"resources": {"CPU": 3.0, "GPU": 2.0}, "workers": 2}})
    assert group.bundles == [{"CPU": 1.5, "GPU": 1.0}] * 2 and group.strategy == "STRICT_PACK"
    assert group.head_bundle_is_empty and group.required_resources == {"CPU": 3.0, "GPU": 2.0}
    alone = placement_group({"plan": {"resources": {"CPU": 2.0}}})
    assert alone.bundles == [{"CPU": 2.0}] and not alone.head_bundle_is_empty


def measured(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if not any(part in k for part in TIMES)}


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_a_dead_worker_is_replaced_exactly_and_an_error_ends_its_trial(tmp_path: Path) -> None:
    space = write_space(tmp_path, f"FOLDER = {str(tmp_path)!r}\n" + WORKERS)
    status, out = run(tmp_path, space, "--checkpoint-seconds", "0")
    print(out)
    assert status == 1 and "2 of 3 rows are finished" in out
    assert "ValueError: an odd batch (my_space.py, line" in out
    trials = {
        path.parent: read_rows(path) for path in tmp_path.glob("workers/tune/*/*/result.json")
    }
    by_case = {next(c for c in ("plain", "killed", "raises") if c in p.name): p for p in trials}
    plain, killed = (trials[by_case[case]] for case in ("plain", "killed"))
    # 105 training images: 10 batches of 10 and one of 5 an epoch, so step 20 is in the second one.
    assert (tmp_path / "first").exists()
    assert [measured(dict(row)) for row in killed] == [measured(dict(row)) for row in plain]
    assert [row["epoch"] for row in plain] == [1, 2, 3]
    assert [row["warm_up"] for row in killed] == [True, True, False], "it went on after epoch 1"
    assert {row["num_threads"] for row in plain} == {2}
    error = (by_case["raises"] / "error.txt").read_text()
    assert "Traceback" in error and 'raise ValueError("an odd batch")' in error
    assert "building plain" in (by_case["plain"] / "output.txt").read_text()
