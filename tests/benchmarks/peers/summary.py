"""From what a run noted to images per second, seconds of the whole grid and overhead of a trial."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.peers.work import ENDED, HANDED_OVER


@dataclass(frozen=True)
class Trial:
    """A trial that has ended: when, and the seconds of its epochs, validation included."""

    end: float
    epoch_seconds: tuple[float, ...]


@dataclass(frozen=True)
class Run:
    """One run of a command.

    Attributes:
        started: when the command was started, in seconds of the same clock as all others.
        handed_over: when the configurations were in the hands of what distributes them.
        ended: when the command ended.
        trials: in the order in which they ended.
        num_slots: how many trials run at once.
    """

    started: float
    handed_over: float
    ended: float
    trials: tuple[Trial, ...]
    num_slots: int

    @property
    def fixed_seconds(self) -> float:
        """What the command takes before and after its trials, however many they are."""
        return self.handed_over - self.started + self.ended - self.trials[-1].end

    @property
    def work_seconds(self) -> float:
        """What the trials take when all slots end together.

        A slot that has nothing left to do while the other finishes is idle at the end of eight
        trials, and would hardly be at the end of 128.
        """
        last = [trial.end for trial in self.trials[-self.num_slots :]]
        return statistics.mean(last) - self.handed_over


def run_of_events(
    started: float, ended: float, events: Sequence[Mapping[str, Any]], num_slots: int
) -> Run:
    """Return the run that noted these events."""
    [handed_over] = [event["time"] for event in events if event["what"] == HANDED_OVER]
    trials = [
        Trial(event["time"], tuple(event["epoch_seconds"]))
        for event in events
        if event["what"] == ENDED
    ]
    in_order = tuple(sorted(trials, key=lambda trial: trial.end))
    return Run(started, handed_over, ended, in_order, num_slots)


def images_per_second(trials: Sequence[Trial], num_train: int, num_slots: int) -> float:
    """Return the training images of an epoch over its seconds, times the trials at once."""
    seconds = [each for trial in trials for each in trial.epoch_seconds]
    return num_slots * num_train * len(seconds) / sum(seconds)


def whole_seconds(runs: Sequence[Run], rows_of_trial: Mapping[int, int]) -> float:
    """Return the seconds of the whole grid, of which the runs did a part each.

    Args:
        runs: of one peer; all their trials have the same number of epochs.
        rows_of_trial: number of epochs -> the rows with so many that each trial stands for. What
            is more than the trial's epochs costs what its last epoch did.
    """
    total = statistics.mean(run.fixed_seconds for run in runs)
    for run in runs:
        last_epochs = sum(trial.epoch_seconds[-1] for trial in run.trials) / run.num_slots
        measured = len(run.trials[0].epoch_seconds)
        for num_epochs, num_rows in rows_of_trial.items():
            total += num_rows * (run.work_seconds + (num_epochs - measured) * last_epochs)
    return total


@dataclass(frozen=True)
class Noops:
    """What trials that train nothing take.

    Attributes:
        number: how many there were.
        start: seconds from the command to the end of the first one.
        each: seconds of a further one.
    """

    number: int
    start: float
    each: float


def noops_of_ends(started: float, ends: Sequence[float], num_slots: int) -> Noops:
    """Return what the trials took.

    A further one is measured from the end of the first in each slot to the last of all.
    """
    in_order = sorted(ends)
    each = (in_order[-1] - in_order[num_slots - 1]) / (len(ends) - num_slots)
    return Noops(len(ends), in_order[0] - started, each)
