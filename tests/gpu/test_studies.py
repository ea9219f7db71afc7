"""Studies on a GPU, run as a user runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.recorded import ended, read_rows

pytest.importorskip("ray", reason="Ray is not installed")

from tests.engine.real_studies import ledger_of, run, write_space

pytestmark = pytest.mark.xdist_group("ray")

CPU_AGAINST_GPU = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="devices", question="What does a GPU change?", trainable="resnet",
    param_space={
        "dataset": "fashion_mnist", "device": tune.grid_search(["cpu", "cuda"]),
        "optimizer": "adam", "model": "resnet18", "batch_size": 16, "lr": 1e-3, "epochs": 2,
        "mixed_precision": True,
    },
    factors=("device",), exclusive=True,
)
"""
TWO_ON_ONE_GPU = """
import os, time
from pathlib import Path
import torch
from ray import tune
from tune_app import SearchSpace, classifier

def build(config, data):
    if config["lr"] == 0.5:
        torch.empty(2**50, dtype=torch.uint8, device="cuda")
    Path(FOLDER, str(config["lr"])).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    deadline = time.monotonic() + 90
    while len(list(Path(FOLDER).iterdir())) < 2:  # until the other trial runs too
        if time.monotonic() > deadline:
            raise RuntimeError("the other trial did not begin")
        time.sleep(0.1)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, data.num_classes))

SPACE = SearchSpace(
    name="pair", trainable=classifier(models={"net": build}),
    param_space={"dataset": "mnist", "lr": tune.grid_search([0.1, 0.01, 0.5]),
                 "optimizer": "sgd", "batch_size": 16, "epochs": 1},
)
"""
OWN = """
import os, signal
from pathlib import Path
from ray import tune
from tune_app import SearchSpace

def train(config):
    import torch
    first, free = Path(FOLDER, "first"), torch.cuda.mem_get_info()[0]
    if config["x"] == 1:
        torch.empty(2**50, dtype=torch.uint8, device="cuda")
    held = torch.ones(4 * 10**9, dtype=torch.uint8, device="cuda")
    if config["x"] == 0 and not first.exists():
        first.write_text(str(free))
        os.kill(os.getpid(), signal.SIGKILL)
    tune.report({
        "free": free, "held": int(held[-1]), "gpus": torch.cuda.device_count(),
        "visible": os.environ["CUDA_VISIBLE_DEVICES"],
    })

SPACE = SearchSpace(
    name="own", trainable=train, metric="free", mode="max", resources={"cpu": 1, "gpu": 1},
    param_space={"x": tune.grid_search([0, 1, 2])},
)
"""


def first_gpu() -> str:
    """Return the first of the GPUs that this process may use."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]


def rows(results: Path, study: str) -> list[dict[str, Any]]:
    """Return the last row of every trial that reported one."""
    found = [read_rows(path) for path in sorted((results / study).glob("tune/*/*/result.json"))]
    return [dict(trial[-1]) for trial in found if trial]


def test_a_cpu_against_a_gpu(tmp_path: Path) -> None:
    import torch

    space = write_space(tmp_path, CPU_AGAINST_GPU)
    status, out = run(tmp_path, space, "--images", "300")
    print(out)
    assert status == 0 and "2 of 2 rows are finished" in out
    found = {row["device"]: row for row in rows(tmp_path, "devices")}
    assert found["cpu"]["precision"] == "float32" and found["cuda"]["precision"] == "float16"
    assert found["cuda"]["train_loss"] == pytest.approx(found["cpu"]["train_loss"], rel=0.5)
    assert {row["num_concurrent_trials"] for row in found.values()} == {1}
    launch = json.loads((tmp_path / "devices" / "launches" / "001.json").read_text())
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    assert launch["hardware"]["gpus"] == names
    status, out = run(tmp_path, space, "--images", "300")
    assert status == 0 and "nothing is missing" in out


def test_two_trials_on_one_gpu_and_one_that_runs_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With several GPUs Ray may place the two trials on different ones.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", first_gpu())
    folder = tmp_path / "met"
    folder.mkdir()
    space = write_space(tmp_path, f"FOLDER = {str(folder)!r}\n" + TWO_ON_ONE_GPU)
    options = ("--trials-per-gpu", "2", "--max-failures", "0")
    status, out = run(tmp_path, space, *options)
    print(out)
    assert status == 1 and "2 of 3 rows are finished" in out
    assert "OutOfMemoryError: CUDA out of memory" in out
    assert len({path.read_text() for path in folder.iterdir()}) == 1, "both on the same GPU"
    assert {row["device"] for row in rows(tmp_path, "pair")} == {"cuda"}, "auto is the GPU"
    assert len(ended(ledger_of(tmp_path / "pair"))) == 2


def test_a_function_has_its_gpu_and_a_killed_worker_leaves_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", first_gpu())  # of which the memory is compared
    space = write_space(tmp_path, f"FOLDER = {str(tmp_path)!r}\n" + OWN)
    status, out = run(tmp_path, space)
    print(out)
    assert status == 1 and "2 of 3 rows are finished" in out
    assert "OutOfMemoryError: CUDA out of memory" in out
    found = rows(tmp_path, "own")
    assert [(row["gpus"], row["held"]) for row in found] == [(1, 1)] * 2
    assert all(row["visible"] for row in found)
    before = int((tmp_path / "first").read_text())
    print([f"{(before - row['free']) / 1e6:.0f} MB" for row in found])
    assert all(before - row["free"] < 10**9 for row in found), "4 GB were held when it was killed"
