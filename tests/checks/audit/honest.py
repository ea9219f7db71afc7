"""Honest tables by simulation: grids of runs with the noise that real ones have.

Every row is a run of its own: its accuracy is a whole count of test images, precision, recall and
F1 come from its confusion matrix, and its time is that of its work times noise. Digits are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.audit.evidence import metrics_of
from analysis.checks.audit.table import Table
from analysis.labs.reference import Protocol

GRID: dict[str, tuple[Any, ...]] = {
    "dataset": ("mnist", "fashion_mnist"),
    "model": ("resnet18", "resnet50"),
    "batch_size": (16, 32),
    "optimizer": ("sgd", "adam"),
    "lr": (1e-3, 1e-4),
    "pin_memory": (False, True),
    "epochs": (2, 5),
}
SMALL = {key: GRID[key] for key in ("dataset", "model", "batch_size", "optimizer", "lr")}
CLASSES = 10


@dataclass(frozen=True)
class Kind:
    """What the tables of one simulation have in common.

    Attributes:
        levels: setting -> its levels; rows are all combinations.
        num_test: test images, as many of each class to within one.
        decimals: printed decimals of percentages.
        averaging: average of precision, recall and F1.
        time_noise: standard deviation of the logarithm of a time.
        floor: fewest errors a run can make, as a fraction, per data set.
    """

    levels: dict[str, tuple[Any, ...]]
    num_test: int
    decimals: int
    averaging: str = "macro"
    time_noise: float = 0.02
    floor: tuple[float, float] = (0.008, 0.09)


_SEEDS = {"dataset": ("mnist", "fashion_mnist"), "lr": (1e-2, 1e-3), "seed": (0, 1, 2, 3, 4, 5)}
_SVMS = {"dataset": ("mnist", "fashion_mnist"), "kernel": ("rbf", "poly"), "C": (0.1, 1, 10)}
KINDS = {
    "128 rows, all digits": Kind(GRID, 14_000, 6, "weighted"),
    "32 rows, four digits": Kind(SMALL, 12_000, 4),
    "32 rows, two digits, uneven times": Kind(SMALL, 12_000, 2, time_noise=0.08),
    "few images": Kind(SMALL, 160, 2, floor=(0.1, 0.25)),
    "seeds": Kind(_SEEDS, 14_000, 6),
    "support vector machines": Kind(_SVMS, 12_000, 6, floor=(0.03, 0.18)),
}
"""Kinds of honest tables that are simulated."""


def honest_table(rng: np.random.Generator, kind: Kind) -> Table:
    """Return one honest table."""
    frame = pd.DataFrame(list(product(*kind.levels.values())), columns=list(kind.levels))
    errors = _error_rates(rng, frame, kind)
    suffix = "_weighted" if kind.averaging == "weighted" else ""
    counts = _class_sizes(kind.num_test)
    names = ["test_accuracy", "test_precision", "test_recall", "test_f1"]
    metrics = [metrics_of(matrix) for matrix in _confusions(rng, counts, errors)]
    for name in names:
        source = name if name == "test_accuracy" else name + suffix
        frame[name] = np.round([values[source] for values in metrics], kind.decimals + 2)
    unit = pd.DataFrame(10.0 ** -(kind.decimals + 2), index=frame.index, columns=names)
    work = _work(frame)
    frame["train_seconds"] = np.round(work * rng.lognormal(0, kind.time_noise, len(frame)), 3)
    unit["train_seconds"] = 1e-3
    return Table(
        name="honest",
        frame=frame,
        unit=unit,
        settings=tuple(kind.levels),
        num_test=np.full(len(frame), float(kind.num_test)),
        protocol=Protocol(selection="val"),
        averaging=kind.averaging,
        compared=tuple(key for key in kind.levels if key != "dataset"),
    )


def _error_rates(rng: np.random.Generator, frame: pd.DataFrame, kind: Kind) -> NDArray[np.float64]:
    """Return each run's error rate: effects of its settings, and noise of its own."""
    log = np.zeros(len(frame))
    for column, levels in kind.levels.items():
        if column not in ("dataset", "pin_memory", "seed"):
            effects = rng.normal(0, 0.15, len(levels))
            log += frame[column].map(dict(zip(levels, effects, strict=True))).astype(float)
    log += rng.normal(0, rng.uniform(0.02, 0.12), len(frame))
    base = np.full(len(frame), kind.floor[0])
    if "dataset" in frame:
        base = np.where(frame["dataset"] == "mnist", *kind.floor)
    return np.clip(base * np.exp(np.asarray(log)), base / 1.8, 0.7)


def _class_sizes(num_test: int) -> NDArray[np.int64]:
    return np.diff(np.linspace(0, num_test, CLASSES + 1).astype(np.int64))


def _confusions(
    rng: np.random.Generator, counts: NDArray[np.int64], rates: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return a confusion matrix for each error rate, (rows, classes, classes)."""
    shape = (len(rates), CLASSES)
    hardness = rng.gamma(2, 0.5, shape)
    hardness /= hardness.mean(axis=1, keepdims=True)
    rate = np.minimum(rates[:, None] * hardness, 0.9)
    wrong = rng.binomial(np.broadcast_to(counts, shape), rate)
    spread = rng.multinomial(wrong, rng.dirichlet(np.full(CLASSES - 1, 0.3), shape))
    matrices = np.zeros((*shape, CLASSES), dtype=np.int64)
    matrices[:, ~np.eye(CLASSES, dtype=bool)] = spread.reshape(len(rates), -1)
    matrices[:, range(CLASSES), range(CLASSES)] = counts - wrong
    return matrices


def _work(frame: pd.DataFrame) -> NDArray[np.float64]:
    work = np.full(len(frame), 20.0)
    factors = {"model": {"resnet50": 2.1}, "batch_size": {16: 1.9}, "optimizer": {"adam": 1.15}}
    for column, factor in factors.items():
        if column in frame:
            work *= np.array([factor.get(level, 1.0) for level in frame[column]])
    return work * frame["epochs"].to_numpy() if "epochs" in frame else work
