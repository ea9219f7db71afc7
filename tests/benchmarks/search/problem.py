"""What every arm of the race trains: a small convolutional network on FashionMNIST.

The processes of an arm find the images of their repeat in the folder ``RACE_FOLDER``, and append a
line to ``events.jsonl`` there after each epoch. So every arm is measured in the same way.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.events import append_event

EPOCHS = 9
FOLDER = "RACE_FOLDER"
EVENTS, IMAGES = "events.jsonl", "images.npz"
GRID: dict[str, list[Any]] = {
    "lr": [0.003, 0.01, 0.03, 0.1],
    "momentum": [0.5, 0.9],
    "weight_decay": [1e-5, 1e-3],
    "batch_size": [16, 64],
    "width": [6, 16],
}
"""64 configurations that somebody who knows such networks would write down."""
DOMAINS: dict[str, tuple[Any, ...]] = {
    "lr": ("loguniform", 0.003, 0.1),
    "momentum": ("uniform", 0.5, 0.9),
    "weight_decay": ("loguniform", 1e-5, 1e-3),
    "batch_size": ("choice", [16, 32, 64]),
    "width": ("lograndint", 6, 17),
}
"""Parameter -> name of the domain and its arguments, as Ray Tune has them: what the grid spans."""
NUM_TRAIN, NUM_VALIDATION, NUM_TEST = 5_000, 1_000, 4_000


def write_images(folder: Path, repeat: int, num_train: int) -> None:
    """Write the images of a repeat: each repeat splits the sample in another way."""
    from tune_app.data.datasets import dataset_spec
    from tune_app.data.sources import read_pooled

    pooled = read_pooled(dataset_spec("fashion_mnist"), "sample")
    order = np.random.default_rng(repeat).permutation(len(pooled.labels))
    cuts = np.cumsum([num_train, NUM_VALIDATION, NUM_TEST])
    parts = dict(zip(("train", "val", "test"), np.split(order, cuts)[:3], strict=True))
    arrays = {f"{name}_x": pooled.images[places] for name, places in parts.items()}
    arrays |= {f"{name}_y": pooled.labels[places] for name, places in parts.items()}
    np.savez(folder / IMAGES, **arrays)


@functools.cache
def images() -> dict[str, Any]:
    """Return the images of the repeat as tensors, read once in each process."""
    import torch

    with np.load(Path(os.environ[FOLDER]) / IMAGES) as arrays:
        tensors = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    pixels = {
        k: (t[:, None].float() / 255 - 0.286) / 0.353 for k, t in tensors.items() if "_x" in k
    }
    return pixels | {k: t.long() for k, t in tensors.items() if "_y" in k}


class Training:
    """A training of one configuration, epoch by epoch; its state can be saved and loaded."""

    def __init__(self, config: dict[str, Any]) -> None:
        import torch
        from torch import nn

        torch.set_num_threads(1)
        torch.manual_seed(config["seed"])
        width = config["width"]
        self.config, self.epoch = config, 0
        self.net = nn.Sequential(
            nn.Conv2d(1, width, 5, stride=2),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * 25, 10),
        )
        self.optimizer = torch.optim.SGD(
            self.net.parameters(),
            lr=config["lr"],
            momentum=config["momentum"],
            weight_decay=config["weight_decay"],
        )

    def state(self) -> dict[str, Any]:
        """Return all that the training goes on from."""
        parts = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {"epoch": self.epoch, **parts}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.epoch = state["epoch"]
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])

    def epochs(self) -> Iterator[dict[str, Any]]:
        """Train to the last epoch, and yield the row of each one."""
        while self.epoch < EPOCHS:
            started = time.thread_time()
            self._train()
            self.epoch += 1
            row = {
                "epoch": self.epoch,
                "val_accuracy": self._accuracy("val"),
                "test_accuracy": self._accuracy("test"),
            }
            event = {**row, "config": self.config, "cpu": time.thread_time() - started}
            append_event(Path(os.environ[FOLDER]) / EVENTS, event)
            yield row

    def _train(self) -> None:
        import torch

        data, size = images(), self.config["batch_size"]
        torch.manual_seed(1_000 * self.config["seed"] + self.epoch)
        self.net.train()
        for batch in torch.randperm(len(data["train_y"])).split(size):
            self.optimizer.zero_grad()
            logits = self.net(data["train_x"][batch])
            torch.nn.functional.cross_entropy(logits, data["train_y"][batch]).backward()
            self.optimizer.step()

    def _accuracy(self, part: str) -> float:
        import torch

        data = images()
        self.net.eval()
        with torch.inference_mode():
            guesses = [self.net(x).argmax(1) for x in data[f"{part}_x"].split(250)]
        return float((torch.cat(guesses) == data[f"{part}_y"]).float().mean())


def train(config: dict[str, Any]) -> None:
    """Train as a function of Ray Tune, with a checkpoint each epoch as its guide shows."""
    from tempfile import TemporaryDirectory

    import torch
    from ray import tune

    training = Training(config)
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as folder:
            training.load(torch.load(f"{folder}/state.pt"))
    for row in training.epochs():
        with TemporaryDirectory() as folder:
            torch.save(training.state(), f"{folder}/state.pt")
            tune.report(row, checkpoint=tune.Checkpoint.from_directory(folder))
