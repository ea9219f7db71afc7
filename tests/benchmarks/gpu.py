"""The shipped training on a GPU: images per second, by model, batch size, optimizer and precision.

Each line compares a setting with float32 batches from host memory, torch's defaults otherwise (so
cuDNN uses TF32 where the GPU has it). Without a GPU nothing is measured.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.comparison import Measurement, compare, interleave

NUM_TRAIN = 1_024
SETTINGS: dict[str, dict[str, bool]] = {
    "pinned": {"pin_memory": True},
    "resident": {"resident_images": True},
    "mixed precision": {"mixed_precision": True},
    "mixed precision, resident": {"mixed_precision": True, "resident_images": True},
    "graphs, resident": {"cuda_graphs": True, "resident_images": True},
    "graphs, mixed precision, resident": {
        "cuda_graphs": True,
        "mixed_precision": True,
        "resident_images": True,
    },
}


def run(num_rounds: int) -> Iterator[Measurement]:
    """Measure every setting for both models, batch sizes and optimizers."""
    import torch

    if not torch.cuda.is_available():
        print("gpu: not measured, this machine has no GPU that torch can use", file=sys.stderr)
        return
    name = torch.cuda.get_device_name()
    for case in itertools.product(("resnet18", "resnet50"), (16, 32), ("sgd", "adam")):
        plain = Training(*case)
        for setting, options in SETTINGS.items():
            ours = Training(*case, **options)
            speeds = interleave(ours.images_per_second, plain.images_per_second, num_rounds)
            title = "{}, batch {}, {}, {}".format(*case, setting)
            yield compare("gpu", title, "images/s", *speeds, note=name)


class Training:
    """A training of which parts are repeated."""

    def __init__(self, model: str, batch_size: int, optimizer: str, **options: Any) -> None:
        from tune_app.data.images import load_datasets
        from tune_app.training.classifier_run import ClassifierRun
        from tune_app.training.registry import TRAINABLES

        images = load_datasets(["mnist"], "sample", None, 0)["mnist"]
        given = {
            "dataset": "mnist",
            "model": model,
            "batch_size": batch_size,
            "optimizer": optimizer,
            "lr": 1e-3,
            "epochs": 1,
            **options,
        }
        config = TRAINABLES["resnet"].complete(given) | {"seed": 0, "device": "cuda"}
        self._run = ClassifierRun(config, images, last_epoch=1)
        chosen = np.resize(images.train, NUM_TRAIN)
        self._batches = np.split(chosen, range(batch_size, NUM_TRAIN, batch_size))
        self._run.model.train()
        self._run.train_steps(self._batches[:8])

    def images_per_second(self) -> float:
        """Train once on all batches. Reading the loss waits for the GPU."""
        started = time.perf_counter()
        self._run.train_steps(self._batches)
        return NUM_TRAIN / (time.perf_counter() - started)
