"""A trial on two GPUs, run as a user runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="Ray is not installed")

from tests.engine.real_studies import run, write_space
from tests.gpu.test_studies import rows

pytestmark = pytest.mark.xdist_group("ray")

ONE_AND_TWO = """
import os, signal
from pathlib import Path
from ray import tune
from torch import distributed, nn
from tune_app import SearchSpace, classifier

class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.num_steps = 0
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=3), nn.BatchNorm2d(4), nn.ReLU(),
            nn.Flatten(), nn.Linear(256, num_classes),
        )

    def forward(self, images):
        self.num_steps += self.training
        if distributed.is_initialized():
            rank, first = distributed.get_rank(), Path(FOLDER, "first")
            Path(FOLDER, f"rank{rank}").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
            if self.num_steps == 20 and rank == 1 and not first.exists():
                first.write_text("")
                os.kill(os.getpid(), signal.SIGKILL)
        return self.body(images)

SPACE = SearchSpace(
    name="onetwo", trainable=classifier(models={"net": lambda config, data: Net(data.num_classes)}),
    param_space={
        "dataset": "mnist", "device": "cuda", "batch_size": 10, "optimizer": "sgd", "lr": 1e-2,
        "epochs": 2, "workers": tune.grid_search([1, 2]),
    },
)
"""
TWO = """
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="two", trainable="resnet", resources={"gpu": 2},
    param_space={
        "dataset": "mnist", "device": "cuda", "model": "resnet18", "batch_size": 16,
        "optimizer": "sgd", "lr": 1e-3, "epochs": 1, "mixed_precision": True,
    },
)
"""


@pytest.fixture(autouse=True)
def two_gpus(gpu: None) -> None:
    """Skip a test where there are fewer than two GPUs."""
    import torch

    if (found := torch.cuda.device_count()) < 2:
        pytest.skip(f"this machine has {found} GPU, and this test needs two")


def test_two_gpus_train_what_one_trains_also_after_a_worker_was_killed(tmp_path: Path) -> None:
    space = write_space(tmp_path, f"FOLDER = {str(tmp_path)!r}\n" + ONE_AND_TWO)
    status, out = run(tmp_path, space, "--checkpoint-seconds", "0")
    print(out)
    assert status == 0 and "2 of 2 rows are finished" in out and (tmp_path / "first").exists()
    assert len({(tmp_path / f"rank{rank}").read_text() for rank in (0, 1)}) == 2, "a GPU each"
    one, two = sorted(rows(tmp_path, "onetwo"), key=lambda row: int(row["num_threads"]))
    assert (one["num_threads"], two["num_threads"]) == (1, 2)
    names = ("train_loss", "val_loss", "test_loss")
    assert {n: two[n] for n in names} == pytest.approx({n: one[n] for n in names}, rel=2e-2)


def test_resources_of_two_gpus_are_two_workers(tmp_path: Path) -> None:
    status, out = run(tmp_path, write_space(tmp_path, TWO))
    print(out)
    assert status == 0 and "1 trial of 2 CPU + 2 GPU" in out
    found: list[dict[str, Any]] = rows(tmp_path, "two")
    assert [(row["num_threads"], row["precision"]) for row in found] == [(2, "float16")]
