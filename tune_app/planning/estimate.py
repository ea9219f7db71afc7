"""How long a plan will take, from a few measured steps per model, and what disk it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil

from tune_app.planning.plan import PlannedTrial
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import schedule_seconds
from tune_app.training.memory import begin_trial, peak_memory_bytes
from tune_app.training.registry import Probe, Trainable, load_object

START_SECONDS = 25.0
"""Imports, starting Ray, its dashboard and the first workers, and the end (measured on 2 cores: 22
to 32 s)."""
TRIAL_SECONDS = 0.5
"""What a trial costs beside what is probed: hand-over, predictions, weights (measured)."""
CHECKPOINT_SECONDS = 30.0
"""A trial writes a checkpoint after about so long, again and again."""

WORKER_BYTES = 1_000_000_000
"""A worker with torch or scikit-learn loaded and what its last trial left (measured: 0.8 to 0.95
GB)."""

Probes = Mapping[tuple[Any, ...], Probe]
"""Kind of trial -> what was measured of it."""


@dataclass(frozen=True)
class SplitSizes:
    """Numbers of images in the three splits."""

    train: int
    val: int
    test: int

    @staticmethod
    def of_total(num_images: int) -> SplitSizes:
        """Return the sizes of a 70/10/20 split."""
        test, val = round(0.2 * num_images), round(0.1 * num_images)
        return SplitSizes(num_images - val - test, val, test)


@dataclass(frozen=True)
class Estimate:
    """What a plan will take.

    Attributes:
        seconds: wall time, or None where some kind of trial cannot be measured here.
        num_slots: trials at once.
        disk_bytes: the most that checkpoints and kept weights occupy at any time.
        memory_bytes: the most that trials occupy at any time, on all nodes together.
    """

    seconds: float | None
    num_slots: int
    disk_bytes: int
    memory_bytes: int


def probe_models(
    trials: Sequence[PlannedTrial], trainable: Trainable, data: Mapping[str, Any]
) -> dict[tuple[Any, ...], Probe]:
    """Measure each distinct kind of trial once; GPU trials only where this machine has a GPU."""
    if trainable.probe is None:
        return {}
    import torch

    probe = load_object(trainable.probe)
    models: dict[tuple[Any, ...], Probe] = {}
    for trial in trials:
        key = _kind(trainable, trial)
        on_gpu = trial.config.get("device") == "cuda"
        if key not in models and (not on_gpu or torch.cuda.is_available()):
            threads = max(1, int(trial.resources.get("CPU", 1)))
            models[key] = _measured(probe, trial.config, data[trial.config["dataset"]], threads)
    return models


def _measured(probe: Callable[..., Probe], *arguments: Any) -> Probe:
    """Probe one kind of trial, and by how much this process grows meanwhile."""
    begin_trial()
    before = psutil.Process().memory_info().rss
    found = probe(*arguments)
    growth = max(0, peak_memory_bytes() - before)
    # While a checkpoint is written its content is in memory twice: as tensors and as a file.
    return replace(found, memory_bytes=growth + found.checkpoint_bytes)


def trial_seconds(
    trial: PlannedTrial,
    trainable: Trainable,
    models: Probes,
    sizes: SplitSizes,
) -> float | None:
    """Return a trial's expected seconds, or None if its kind could not be measured."""
    model = models.get(_kind(trainable, trial))
    if model is None:
        return None
    epochs = trial.milestones[-1]
    evaluated = epochs * sizes.val + len(trial.milestones) * sizes.test
    training = model.seconds(epochs, sizes.train, evaluated)
    saving = training // CHECKPOINT_SECONDS * model.save_seconds
    return TRIAL_SECONDS + model.begin_seconds + training + saving


def study_seconds(
    trials: Sequence[PlannedTrial],
    seconds: Sequence[float],
    cluster: Cluster,
    max_concurrent: int,
) -> float:
    """Return the wall time of the trials, each started when there is room."""
    if not trials:
        return 0.0
    return START_SECONDS + schedule_seconds(trials, seconds, cluster, max_concurrent)


def peak_memory(
    trials: Sequence[PlannedTrial], trainable: Trainable, models: Probes, slots: int
) -> int:
    """Return the most bytes of memory that trials occupy at once, on all nodes together.

    The images are counted once: they are in shared memory, which a worker's own figure includes.
    """
    probes = [models[k] for k in (_kind(trainable, trial) for trial in trials) if k in models]
    grown = sorted((p.memory_bytes for p in probes), reverse=True)[:slots]
    return sum(WORKER_BYTES + growth for growth in grown)


def peak_disk_bytes(
    trials: Sequence[PlannedTrial], trainable: Trainable, models: Probes, slots: int
) -> int:
    """Return the most bytes of checkpoints and weights at once.

    Running trials keep two checkpoints each and one more while it is written; each trial may have
    saved the weights of its milestones until housekeeping keeps the best.
    """
    probes = [models[k] for k in (_kind(trainable, trial) for trial in trials) if k in models]
    checkpoints = sorted((p.checkpoint_bytes for p in probes), reverse=True)[:slots]
    groups = {(t.config.get("dataset"), t.config.get("model")) for t in trials}
    weights = max((p.weights_bytes for p in probes), default=0)
    return 3 * sum(checkpoints) + weights * (len(groups) + slots)


def fit_to_budget(
    budget_seconds: float, fewest: int, most: int, seconds_for: Callable[[int], float]
) -> int:
    """Return the largest number of images within the bounds whose study fits the budget.

    ``seconds_for`` must not decrease. Returns 0 if not even ``fewest`` fit.
    """
    if seconds_for(fewest) > budget_seconds:
        return 0
    low, high = fewest, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        if seconds_for(middle) <= budget_seconds:
            low = middle
        else:
            high = middle
    return low


def _kind(trainable: Trainable, trial: PlannedTrial) -> tuple[Any, ...]:
    axes = (*trainable.probe_axes, "device", "num_train_images")
    return tuple(trial.config.get(axis) for axis in axes)
