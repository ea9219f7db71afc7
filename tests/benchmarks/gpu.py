"""The shipped training on a GPU: images per second, by model, batch size, optimizer and precision.

Each line compares a setting with float32 batches from host memory, torch's defaults otherwise (so
cuDNN uses TF32 where the GPU has it). The last lines compare two GPUs with one. Without a GPU, or
without a second one, nothing is measured, and a line says so. So it does if the time is over.
"""

from __future__ import annotations

import functools
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.comparison import Measurement, compare, interleave

NUM_TRAIN = 1_024
TIMES_WITH_GRAPHS = 8
"""How often an epoch with graphs has these images: a step is recorded once an epoch, which is long
in a study."""
LATEST_START_SECONDS = 360
"""A measurement that would begin later is left out, so that all of them end within 8 minutes."""
LARGE_BATCH = 256
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
        _left_out("this machine has no GPU that torch can use")
        return
    name = torch.cuda.get_device_name()
    latest = time.monotonic() + LATEST_START_SECONDS
    yield from _on_two(name, num_rounds)
    for case in itertools.product(("resnet18", "resnet50"), (16, 32), ("sgd", "adam")):
        plain = Training(*case)
        for setting, options in SETTINGS.items():
            if time.monotonic() > latest:
                _left_out(f"{case} and what follows: {LATEST_START_SECONDS} s are over")
                return
            ours = Training(*case, **options)
            speeds = interleave(ours.images_per_second, plain.images_per_second, num_rounds)
            title = "{}, batch {}, {}, {}".format(*case, setting)
            yield compare("gpu", title, "images/s", *speeds, note=name)


def _left_out(reason: str) -> None:
    print(f"gpu: not measured: {reason}", file=sys.stderr)


def _on_two(name: str, num_rounds: int) -> Iterator[Measurement]:
    """Compare two GPUs with one, on large batches; on small ones the exchange takes most time."""
    import torch

    if (found := torch.cuda.device_count()) < 2:
        _left_out(f"two GPUs against one: this machine has {found}")
        return
    case = ("resnet50", LARGE_BATCH, "sgd")
    alone = Training(*case)
    plain = [alone.images_per_second() for _ in range(num_rounds)]
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_one_of_two, (folder, case, num_rounds), nprocs=2)
        ours = np.loadtxt(Path(folder, "speeds")).tolist()
    title = "{}, batch {}, {}, two GPUs against one".format(*case)
    yield compare("gpu", title, "images/s", ours, plain, note=name)


def _one_of_two(rank: int, folder: str, case: tuple[str, int, str], num_rounds: int) -> None:
    """Measure as one of two processes; the first writes the speeds of both together."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0,1").split(",")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible[rank]
    import torch

    from tune_app.training.process_group import join

    group = join(rank, 2, Path(folder), torch.device("cuda"))
    training = Training(*case, group=group)
    speeds = [training.images_per_second() for _ in range(num_rounds)]
    if rank == 0:
        np.savetxt(Path(folder, "speeds"), speeds)


@functools.cache
def _images() -> Any:
    from tune_app.data.images import load_datasets

    return load_datasets(["mnist"], "sample", None, 0)["mnist"]


class Training:
    """A training of which parts are repeated."""

    def __init__(
        self, model: str, batch_size: int, optimizer: str, group: Any = None, **options: Any
    ) -> None:
        from tune_app.training.classifier_run import ClassifierRun
        from tune_app.training.process_group import ALONE
        from tune_app.training.registry import TRAINABLES

        images = _images()
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
        self._run = ClassifierRun(config, images, last_epoch=1, group=group or ALONE)
        chosen = np.resize(images.train, NUM_TRAIN)
        batches = np.split(chosen, range(batch_size, NUM_TRAIN, batch_size))
        self._batches = batches * (TIMES_WITH_GRAPHS if options.get("cuda_graphs") else 1)
        self._run.model.train()
        self._run.train_steps(batches[:8])

    def images_per_second(self) -> float:
        """Train once on all batches. Reading the loss waits for the GPU."""
        started = time.perf_counter()
        *_, num_images = self._run.train_steps(self._batches)
        return num_images / (time.perf_counter() - started)
