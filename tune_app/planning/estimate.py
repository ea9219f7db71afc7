"""Estimates the time, disk and memory of a plan from a few measured steps of each kind of trial."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_app.planning.plan import PlannedTrial
from tune_app.planning.probe_process import ProbeProcess, Ship
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import schedule_seconds
from tune_app.training.probe import Probe
from tune_app.training.registry import Trainable

START_SECONDS = 15.0
"""Imports, start of Ray, its dashboard and the first workers, and the end of the launch (measured
on 2 cores: 13 to 18 s)."""
TRIAL_SECONDS = 0.2
"""The part of a trial that is not probed: its start, predictions and weights (measured)."""

WORKER_BYTES = 1_000_000_000
"""Memory of a worker between trials, with torch or scikit-learn (measured: 0.8 to 0.95 GB)."""

Probes = Mapping[tuple[Any, ...], Probe | str]
"""Kind of trial -> its measurements, or why it could not be measured."""


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
    """The estimated time, disk and memory of a plan.

    Attributes:
        seconds: wall time, or None if some kind of trial could not be measured; that of a user's
            function is known once a launch has recorded results.
        num_slots: the number of trials that run at once.
        disk_bytes: the most that checkpoints and kept weights occupy at any time; None if the
            trainable has no probe, as a user's function.
        memory_bytes: the most that trials occupy at any time, on all nodes together, or None.
        unknown: which trials could not be measured and why; empty if all were measured.
        basis: of what all this is, if not of the trials of the plan alone; else empty.
    """

    seconds: float | None
    num_slots: int
    disk_bytes: int | None
    memory_bytes: int | None
    unknown: str = ""
    basis: str = ""


def probe_trials(
    trials: Sequence[PlannedTrial], trainable: Trainable, data: Mapping[str, Any], ship: Ship
) -> Probes:
    """Measure each kind of trial once, in a child process.

    If one kind takes too long, the kinds after it are not measured. The time of the plan is then
    unknown in any case, and each of them might take as long.
    """
    probes: dict[tuple[Any, ...], Probe | str] = {}
    if trainable.probe is None:
        return probes
    is_shipped = isinstance(trainable.function, str)
    probe = trainable.probe if is_shipped else ship(trainable.load())
    with ProbeProcess(probe, data) as process:
        for trial in trials:
            key = _kind(trainable, trial)
            if key not in probes:
                threads = max(1, int(trial.resources.get("CPU", 1)))
                probes[key] = process.measure(trial.config, threads)
                if not process.is_usable:
                    break
    return probes


def unmeasured_reason(trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes) -> str:
    """Return which trials could not be measured and why, or an empty text if all were measured."""
    if trainable.probe is None:
        return f"the time of {trainable.name} is not known before its first epoch"
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
    """Return the estimated seconds of a trial, or None if its kind could not be measured.

    Args:
        trial: the trial.
        trainable: the trial's trainable.
        probes: the measurements.
        sizes: numbers of images.
        checkpoint_seconds: the shortest time between two checkpoints, in seconds.
    """
    probe = probes.get(_kind(trainable, trial))
    if not isinstance(probe, Probe):
        return None
    epochs = trial.milestones[-1]
    evaluated = epochs * sizes.val + len(trial.milestones) * sizes.test
    training = probe.seconds(epochs, sizes.train, evaluated)
    # A checkpoint is saved after the first epoch that ends this late, but not after the last epoch.
    epochs_between = max(1, math.ceil(checkpoint_seconds * epochs / training)) if training else 1
    saving = (epochs - 1) // epochs_between * probe.save_seconds
    return TRIAL_SECONDS + probe.begin_seconds + training + saving


def study_seconds(
    trials: Sequence[PlannedTrial],
    seconds: Sequence[float],
    cluster: Cluster,
    max_concurrent: int,
) -> float:
    """Return the wall time of a plan, in which each trial starts as soon as there is room."""
    if not trials:
        return 0.0
    return START_SECONDS + schedule_seconds(trials, seconds, cluster, max_concurrent)


def peak_memory(
    trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes, slots: int
) -> int:
    """Return the most bytes of memory that trials occupy at once, on all nodes together.

    Images are in shared memory. They are part of the figure for a worker and not counted again.
    """
    measured = _measured(trials, trainable, probes)
    grown = sorted((p.memory_bytes for p in measured), reverse=True)[:slots]
    return sum(WORKER_BYTES + growth for growth in grown)


def peak_disk_bytes(
    trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes, slots: int
) -> int:
    """Return the most bytes that checkpoints and weights occupy at once.

    A running trial keeps two checkpoints, and a third one while it is being written. Each running
    trial may also have saved weights, until housekeeping deletes all but the best of each group.
    """
    measured = _measured(trials, trainable, probes)
    checkpoints = sorted((p.checkpoint_bytes for p in measured), reverse=True)[:slots]
    groups = {(t.config.get("dataset"), t.config.get("model")) for t in trials}
    weights = max((p.weights_bytes for p in measured), default=0)
    return 3 * sum(checkpoints) + weights * (len(groups) + slots)


def fit_to_budget(
    budget_seconds: float, allowed: range, seconds_for: Callable[[int], float]
) -> int:
    """Return the largest number of images with which the study fits into the budget.

    Args:
        budget_seconds: the budget.
        allowed: the numbers to consider, ascending.
        seconds_for: number of images -> time of the study; it must not decrease.

    Returns:
        The number of images, or 0 if even the smallest takes too long.
    """
    number = bisect.bisect_right(allowed, budget_seconds, key=seconds_for)
    return allowed[number - 1] if number else 0


def _measured(trials: Sequence[PlannedTrial], trainable: Trainable, probes: Probes) -> list[Probe]:
    """Return the measurements of the trials whose kind could be measured."""
    found = (probes.get(_kind(trainable, trial)) for trial in trials)
    return [probe for probe in found if isinstance(probe, Probe)]


def of_few_kinds(
    trials: Sequence[PlannedTrial], trainable: Trainable, most: int
) -> list[PlannedTrial]:
    """Return the trials of the first so many kinds: each kind takes some seconds to measure."""
    kinds = list(dict.fromkeys(_kind(trainable, trial) for trial in trials))[:most]
    return [trial for trial in trials if _kind(trainable, trial) in kinds]


def _kind(trainable: Trainable, trial: PlannedTrial) -> tuple[Any, ...]:
    """Return what the measured speed depends on; None for a parameter that changes nothing."""
    config, inert = trial.config, trainable.inert_axes
    named = sorted(config.keys() - trainable.parameters.keys() - {"seed"})
    own = named if trainable.takes_further else ()
    axes = (*trainable.probe_axes, *own, "device", "num_train_images")
    acting = (a in config and not (a in inert and inert[a](config)) for a in axes)
    return tuple(config[a] if acts else None for a, acts in zip(axes, acting, strict=True))
