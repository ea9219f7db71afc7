"""A user's network in the shipped loop: a killed study ends with the undisturbed numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chaos.harness import Driver
from tests.recorded import read_rows

HELPER = """
import random
import numpy as np
from torch import nn

class Net(nn.Module):
    def __init__(self, channels, width, num_classes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 5, padding=2), nn.BatchNorm2d(width), nn.ReLU(),
            nn.MaxPool2d(6), nn.Conv2d(width, width, 5, padding=2), nn.Dropout2d(0.3),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(width, num_classes),
        )

    def forward(self, images):
        noise = random.random() + np.random.rand() if self.training else 1
        return self.body(images) * noise
"""
SPACE = """
import time
import numpy as np
from ray import tune
from net import Net
from tune_app import ArrayData, SearchSpace, classifier

def load():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 3
    images = rng.integers(0, 100, (240, 12, 12, 3), dtype=np.uint8)
    images[np.arange(240), :, :, labels] += 20
    return ArrayData(images, labels)

def build(config, data):
    return Net(data.inputs.shape[3] if data.inputs.ndim == 4 else 1, config["width"],
               data.num_classes)

def flip(images, generator):
    import torch
    time.sleep(0.03)
    flipped = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(flipped, images.flip(3), images)

SPACE = SearchSpace(
    name="own", trainable=classifier(models={"net": build}, augment=flip), datasets={"rgb": load},
    param_space={
        "dataset": tune.grid_search(["rgb", "mnist"]), "width": 6, "batch_size": 16,
        "optimizer": "adam", "lr": 1e-2, "epochs": tune.grid_search([2, 6]),
    },
)
"""


def start(folder: Path) -> Driver:
    (folder / "net.py").write_text(HELPER)
    return Driver(folder, "--max-concurrent", "1", space=SPACE)


def epochs(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Return (trial, epoch) -> what was measured."""
    names = ("train_loss", "train_accuracy", "val_loss", "test_loss", "confusion_matrix")
    return {
        (path.parent.name, row["epoch"]): {name: row.get(name) for name in names}
        for path in sorted(folder.glob("results/own/tune/*/*/result.json"))
        for row in read_rows(path)
    }


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
@pytest.mark.timeout(600)
def test_a_killed_study_of_an_own_network_resumes_to_equal_numbers(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "one", tmp_path / "two"
    for folder in (undisturbed, killed):
        folder.mkdir()
    with start(undisturbed) as driver:
        assert driver.wait() == 0, driver.output
        assert "4 rows, 0 finished; 2 trials to run, 12 epochs instead of 16" in driver.output
    with start(killed) as driver:
        checkpoints = killed / "results/own/tune"
        assert driver.wait_for(lambda: list(checkpoints.glob("*/*/checkpoint_*")))
        assert driver.wait_for(lambda: len(epochs(killed)) >= 3), driver.output
        driver.kill()
    assert len(epochs(killed)) < 12
    with start(killed) as driver:
        assert driver.wait() == 0, driver.output
        assert "4 of 4 rows are finished" in driver.output
    assert epochs(killed) == epochs(undisturbed) and len(epochs(killed)) == 12
    resumed = [
        read_rows(path)[0]["epoch"] for path in killed.glob("results/own/tune/002/*/result.json")
    ]
    assert any(epoch > 1 for epoch in resumed), "a trial went on from its checkpoint"
