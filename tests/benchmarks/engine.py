"""Training engine: one one-core trial per core side by side, against a plain script on all cores.

Each round trains and evaluates as many images as an epoch of q1a does in proportion: per training
image 1/7 validation image, and 2/7 test images at two of five epochs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np

from tests.benchmarks.comparison import Measurement, compare, interleave
from tests.benchmarks.mnist_folder import write_mnist_folder
from tests.benchmarks.workers import Workers
from tune_app.study.provenance import num_usable_cpus

TARGETS = {"resnet18": 4.0, "resnet50": 3.0}
NUM_TRAIN = {"resnet18": 640, "resnet50": 320}
EVALUATED_PER_TRAINED = 1 / 7 + 2 / 5 * 2 / 7
PASSES_PER_STEP = 3
"""A step's products are those of the forward pass, and twice as many again backward."""
SIDE, NUM_PRODUCTS = 1024, 60


def our_engine(
    model: str, optimizer: str, batch_size: int
) -> Callable[[int, int], tuple[float, float]]:
    """Return (training images, evaluated images) -> what a trial of q1a does with them."""
    from tune_app.data.images import load_datasets
    from tune_app.training.classifier_run import ClassifierRun
    from tune_app.training.registry import TRAINABLES

    images = load_datasets(["mnist"], "sample", None, 0)["mnist"]
    config = TRAINABLES["resnet"].complete(
        {
            "dataset": "mnist",
            "model": model,
            "batch_size": batch_size,
            "optimizer": optimizer,
            "lr": 1e-3,
            "epochs": 1,
        }
    )
    run = ClassifierRun({**config, "seed": 0, "device": "cpu"}, images, last_epoch=1)

    def work(num_train: int, num_evaluated: int) -> tuple[float, float]:
        batches = np.split(images.train[:num_train], range(batch_size, num_train, batch_size))
        run.model.train()
        loss, accuracy, _ = run.train_steps(batches)
        run.evaluate(images.test[:num_evaluated])
        return loss, accuracy

    return work


def matrix_products() -> Callable[[int, int], None]:
    """Return (number, 0) -> so many products of square float32 matrices, the fastest there are."""
    import torch

    left, right = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)

    def work(number: int, _nothing: int) -> None:
        for _ in range(number):
            torch.mm(left, right)

    return work


def matrix_peak(num_cores: int) -> float:
    """Return the operations per second of all cores in float32 matrix products."""
    with Workers(matrix_products, (), num_cores, 1) as workers:
        workers.seconds(NUM_PRODUCTS, 0)
        seconds = workers.seconds(NUM_PRODUCTS, 0)
    return num_cores * NUM_PRODUCTS * 2 * SIDE**3 / seconds


def operations_per_image(model: str) -> float:
    """Return what training one image takes of the cropped model, its share of evaluation too."""
    from tune_app.cropped_conv.crop import crop_to_live_taps
    from tune_app.training.model_cost import count_cost
    from tune_app.training.models import build_model

    shape = (1, 28, 28)
    live = crop_to_live_taps(build_model(model, 1, 10), shape)
    return count_cost(live, shape).flops * (PASSES_PER_STEP + EVALUATED_PER_TRAINED)


def run(num_rounds: int) -> Iterator[Measurement]:
    """Measure both models, batch sizes and optimizers."""
    from tests.benchmarks.plain_script import engine as plain_engine

    num_cores = num_usable_cpus()
    peak = matrix_peak(num_cores)
    with tempfile.TemporaryDirectory() as folder:
        write_mnist_folder(Path(folder))
        for model, target in TARGETS.items():
            for batch_size in (16, 32):
                for optimizer in ("sgd", "adam"):
                    case = (model, optimizer, batch_size)
                    with (
                        Workers(our_engine, case, num_cores, 1) as ours,
                        Workers(plain_engine, (*case, folder), 1, num_cores) as plain,
                    ):
                        speeds = _speeds(model, ours, plain, num_cores, num_rounds)
                    name = f"{model}, batch {batch_size}, {optimizer}"
                    share = median(speeds[0]) * operations_per_image(model) / peak
                    note = f"{share:.0%} of the float32 peak of {peak / 1e9:.0f} GFLOP/s"
                    yield compare("engine", name, "images/s", *speeds, target=target, note=note)


def _speeds(
    model: str, ours: Workers, plain: Workers, num_cores: int, num_rounds: int
) -> tuple[list[float], list[float]]:
    num_train = NUM_TRAIN[model]
    work = num_train, round(num_train * EVALUATED_PER_TRAINED)
    for workers in (ours, plain):
        workers.seconds(64, 64)
    return interleave(
        lambda: num_cores * num_train / ours.seconds(*work),
        lambda: num_train / plain.seconds(*work),
        num_rounds,
    )
