"""Support vector machines as q1b trains them, against scikit-learn's own SVC.

Both train the same machines on the same images: ours one per core side by side, as a study does;
libsvm, which has one thread, one after another. A ratio counts only if the accuracies agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks.comparison import Measurement, compare, interleave
from tests.benchmarks.workers import Workers
from tune_app.study.provenance import num_usable_cpus

TARGET = 8.0
LARGEST_DIFFERENCE = 0.0005
MACHINES: tuple[dict[str, Any], ...] = (
    {"kernel": "rbf", "C": 10, "gamma": "scale"},
    {"kernel": "poly", "C": 1, "degree": 3, "gamma": "scale"},
)


def load(source: str, num_images: int | None) -> Any:
    """Return the split images of MNIST."""
    from tune_app.data.images import load_datasets

    return load_datasets(["mnist"], source, num_images, 0)["mnist"]


def our_svm(source: str, num_images: int | None) -> Callable[[Mapping[str, Any]], float]:
    """Return machine -> test accuracy, by the trainable's own function."""
    from tune_app.training.registry import TRAINABLES
    from tune_app.training.svm import fit_and_predict

    images = load(source, num_images)

    def fit(machine: Mapping[str, Any]) -> float:
        config = TRAINABLES["svm"].complete({"dataset": "mnist", **machine})
        return float(fit_and_predict({**config, "seed": 0}, images, 1)[0]["test_accuracy"])

    return fit


def plain_svm(source: str, num_images: int | None) -> Callable[[Mapping[str, Any]], float]:
    """Return machine -> test accuracy, by scikit-learn with its defaults."""
    images = load(source, num_images)
    pixels = images.inputs.reshape(len(images.inputs), -1) / 255.0

    def fit(machine: Mapping[str, Any]) -> float:
        from sklearn.svm import SVC

        classifier = SVC(**machine).fit(pixels[images.train], images.labels[images.train])
        classifier.predict(pixels[images.val])
        return float(np.mean(classifier.predict(pixels[images.test]) == images.labels[images.test]))

    return fit


def run(
    num_rounds: int, source: str = "sample", num_images: int | None = None
) -> Iterator[Measurement]:
    """Measure a machine of each kernel: all cores' worth of ours against as many plain ones."""
    num_cores = num_usable_cpus()
    size = "10,000 sample images" if source == "sample" else "all images"
    with (
        Workers(our_svm, (source, num_images), num_cores, 1) as ours,
        Workers(plain_svm, (source, num_images), 1, 1) as plain,
    ):
        for machine in MACHINES:
            accuracies: dict[str, float] = {}
            seconds = interleave(
                partial(seconds_each, ours, num_cores, machine, accuracies),
                partial(seconds_each, plain, 1, machine, accuracies),
                num_rounds,
            )
            difference = max(accuracies.values()) - min(accuracies.values())
            assert len(accuracies) == 2 and difference <= LARGEST_DIFFERENCE, accuracies
            yield compare(
                "svm",
                f"{machine['kernel']}, C={machine['C']}, MNIST, {size}, fit and predict",
                "s per machine",
                *seconds,
                more_is_better=False,
                target=TARGET,
                note=f"test accuracies differ by {100 * difference:.3f} points",
            )


def seconds_each(
    workers: Workers, number: int, machine: Mapping[str, Any], accuracies: dict[str, float]
) -> float:
    """Return the seconds per machine of ``number`` workers; note the accuracy they got."""
    started = time.perf_counter()
    [accuracy, *_] = workers.call(machine)
    accuracies[workers.name] = accuracy
    return (time.perf_counter() - started) / number
