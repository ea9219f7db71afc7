"""How long a plan will take, from a few measured steps per model, and what disk it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_app.planning.plan import PlannedTrial
from tune_app.planning.probe_process import ProbeProcess
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import schedule_seconds
from tune_app.training.probe import Probe
from tune_app.training.registry import Trainable

START_SECONDS = 25.0
"""Imports, starting Ray, its dashboard and the first workers, and the end (measured on 2 cores: 22
to 32 s)."""
TRIAL_SECONDS = 0.5
"""What a trial costs beside what is probed: hand-over, predictions, weights (measured)."""

WORKER_BYTES = 1_000_000_000
"""A worker with torch or scikit-learn loaded and what its last trial left (measured: 0.8 to 0.95
GB)."""

Probes = Mapping[tuple[Any, ...], Probe | str]
"""Kind of trial -> what was measured of it, or why nothing was."""


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
        unknown: which trials could not be measured and why; empty if all were.
    """

    seconds: float | None
    num_slots: int
    disk_bytes: int
    memory_bytes: int
    unknown: str = ""


def probe_trials(
    trials: Sequence[PlannedTrial], trainable: Trainable, data: Mapping[str, Any]
) -> Probes:
    """Measure each distinct kind of trial once, in a child process.

    A kind that takes too long is the last one tried: the time of the plan is then not known, and
    each of the others might take as long.
    """
    probes: dict[tuple[Any, ...], Probe | str] = {}
    if trainable.probe is None:
        return probes
    with ProbeProcess(trainable.probe, data) as process:
        for trial in trials:
            key = _kind(trainable, trial)
            if key not in probes:
                threads = max(1, int(trial.resources.get("CPU", 1)))
                probes[key] = process.measure(trial.config, threads)
                if not process.is_usable:
                    break
    return probes


def unmeasured_reason(trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes) -> str:
    """Return which trials could not be measured and why; empty if all were."""
    for trial in trials:
        probe = probes.get(_kind(trainable, trial), "trials of its kind cannot be measured")
        if isinstance(probe, str):
            return f"{trial.name}: {probe}"
    return ""


def trial_seconds(
    trial: PlannedTrial,
    trainable: Trainable,
    probes: Probes,
    sizes: SplitSizes,
    checkpoint_seconds: float,
) -> float | None:
    """Return a trial's expected seconds, or None if its kind could not be measured.

    Args:
        trial: the trial.
        trainable: what it trains.
        probes: what was measured.
        sizes: numbers of images.
        checkpoint_seconds: least time between two checkpoints.
    """
    probe = probes.get(_kind(trainable, trial))
    if not isinstance(probe, Probe):
        return None
    epochs = trial.milestones[-1]
    evaluated = epochs * sizes.val + len(trial.milestones) * sizes.test
    training = probe.seconds(epochs, sizes.train, evaluated)
    # Saved after the first epoch that ends so late, and never after the last one.
    epochs_between = max(1, math.ceil(checkpoint_seconds * epochs / training)) if training else 1
    saving = (epochs - 1) // epochs_between * probe.save_seconds
    return TRIAL_SECONDS + probe.begin_seconds + training + saving


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
    trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes, slots: int
) -> int:
    """Return the most bytes of memory that trials occupy at once, on all nodes together.

    The images are counted once: they are in shared memory, which a worker's own figure includes.
    """
    measured = _measured(trials, trainable, probes)
    grown = sorted((p.memory_bytes for p in measured), reverse=True)[:slots]
    return sum(WORKER_BYTES + growth for growth in grown)


def peak_disk_bytes(
    trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes, slots: int
) -> int:
    """Return the most bytes of checkpoints and weights at once.

    Running trials keep two checkpoints each and one more while it is written; each trial may have
    saved the weights of its milestones until housekeeping keeps the best.
    """
    measured = _measured(trials, trainable, probes)
    checkpoints = sorted((p.checkpoint_bytes for p in measured), reverse=True)[:slots]
    groups = {(t.config.get("dataset"), t.config.get("model")) for t in trials}
    weights = max((p.weights_bytes for p in measured), default=0)
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


def _measured(trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes) -> list[Probe]:
    """Return what was measured of each trial, those left out of which nothing was."""
    found = (probes.get(_kind(trainable, trial)) for trial in trials)
    return [probe for probe in found if isinstance(probe, Probe)]


def _kind(trainable: Trainable, trial: PlannedTrial) -> tuple[Any, ...]:
    axes = (*trainable.probe_axes, "device", "num_train_images")
    return tuple(trial.config.get(axis) for axis in axes)
