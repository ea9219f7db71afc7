"""The work that is left in a study and the time it takes, from what the study recorded.

The trials left are planned as the next launch would plan them (:mod:`tune_app.planning.planner`).
The time left is their cost divided by the speed of the newest launch. That speed is the cost of the
epochs that the launch recorded, divided by the time from the start of its first epoch to its latest
result. Costs come from the trainable, so it does not matter that a launch begins with its longest
trials. Two things are not taken into account: at the end of a study some slots are idle, and a
cluster may grow or shrink.

The number of epochs of a user's function may be unknown until it returns. Then trials are counted:
one that has ended is done, and one that runs is done by the share of its time so far in the mean
time of those that have ended.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UserError
from search_spaces.points import num_points
from tune_app.planning.plan import PlannedTrial
from tune_app.planning.planner import PlanOptions, make_plan
from tune_app.planning.resources import Cluster, num_gpus
from tune_app.study.ledger import Ledger
from tune_app.study.objective import finite_number
from tune_app.study.recorded_axes import recorded_axes
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trials import RowKey, Trial
from tune_app.training.checkpoint import read_index, resumable_checkpoints
from tune_app.training.registry import check_config, trainable_of_study

_ANY_NODE = Cluster(({"CPU": math.inf, "GPU": math.inf},))
"""The launch names rows that the real cluster cannot run. Here only the amount of work matters."""


@dataclass(frozen=True)
class Speed:
    """The speed of the newest launch.

    Attributes:
        launch: the name of the launch.
        num_epochs: the epochs that it recorded, each counted once.
        cost: the cost of those epochs, in the trainable's unit.
        seconds: the time from the start of its first epoch to its latest result.
        num_trials: the trials that have ended, if the time of a trial is estimated from them
            because its number of epochs is unknown; else None.
        trial_seconds: their mean time, or None.
    """

    launch: str
    num_epochs: int
    cost: float
    seconds: float
    num_trials: int | None = None
    trial_seconds: float | None = None


def planned_trials(ledger: Ledger, finished: Collection[RowKey]) -> tuple[PlannedTrial, ...] | None:
    """Return the trials for the rows that are not finished, or None if they cannot be planned.

    They cannot be planned if this version lacks the study's trainable or one of its parameters.
    """
    study = ledger.study
    trainable = trainable_of_study(study)
    if trainable is None:
        return None
    configurations = ledger.configurations()
    try:
        for configuration in configurations:
            check_config("study.json", trainable, configuration.config)
    except UserError:
        return None
    axis = trainable.prefix_axis  # of a user's function it is only what the file says
    if axis is not None and any(axis not in trainable.complete(c.config) for c in configurations):
        return None
    sharing = study["launches"][-1].get("sharing", True) if study["launches"] else True
    sizes = {name: entry.get("num_train") for name, entry in study["data"]["datasets"].items()}
    plan = make_plan(
        configurations,
        study["seeds"],
        trainable,
        {"gpu": num_gpus(study["space"].get("resources", {}))},
        cluster=_ANY_NODE,
        finished=dict.fromkeys(finished, ""),
        num_train={name: size for name, size in sizes.items() if isinstance(size, int)},
        options=PlanOptions(study["device"], bool(sharing)),
    )
    return plan.trials


def epochs_left(trial: PlannedTrial, begun: Mapping[str, Trial], *, running: bool) -> int | None:
    """Return the epochs a trial still has to train, or None if their number is unknown.

    Args:
        trial: the trial as the next launch would plan it.
        begun: trial_key -> what was recorded of the trial.
        running: whether a driver runs the study. If so, recorded epochs are done. If not, the next
            launch trains the epochs after the newest checkpoint again.
    """
    recorded = begun.get(trial.key)
    last = trial.num_epochs
    if recorded is None or last is None:
        return last
    if running:
        return last - sum(epoch <= last for epoch in recorded.history)
    candidates = resumable_checkpoints(recorded, trial.milestones[0])
    epochs = [index.epoch for path in candidates if (index := read_index(path)) is not None]
    return last - max(epochs, default=0)


def measure_speed(
    ledger: Ledger, directories: Sequence[TrialDirectory], ended: Collection[str]
) -> Speed | None:
    """Return the speed of the newest launch, or None if it recorded too little.

    Args:
        ledger: the study.
        directories: the directories of all its trials.
        ended: trial_keys of the trials that have ended with a result.
    """
    launches = ledger.study["launches"]
    newest = launches[-1].get("name") if launches else None
    mine = [d for d in directories if d.launch == newest and d.plan]
    planned = {trial.key: trial for trial in planned_trials(ledger, ()) or ()}
    whole = [d for d in mine if d.trial_key in ended and _ends_at_return(planned, d)]
    mean = sum(map(seconds_of, whole)) / len(whole) if whole else None
    num_epochs, cost = 0, 0.0
    for directory in mine:
        epochs = len({line["epoch"] for line in directory.records})
        num_epochs += epochs
        trial = planned.get(directory.trial_key)
        if trial is not None and trial.num_epochs is not None:
            cost += epochs * _cost_per_epoch(ledger, trial)
        elif trial is not None:
            cost += 1.0 if directory in whole else _share_of(seconds_of(directory), mean)
    lines = [line for directory in mine for line in directory.records]
    stamped = [(when, line) for line in lines if (when := reported_at(line)) is not None]
    if not stamped or cost <= 0:
        return None
    first, line = min(stamped, key=lambda entry: entry[0])
    seconds = max(when for when, _ in stamped) - first + (_number(line, "time_this_iter_s") or 0.0)
    if seconds <= 0:
        return None
    num_trials = len(whole) if mean is not None else None
    return Speed(str(newest), num_epochs, cost, seconds, num_trials, mean)


def seconds_left(
    ledger: Ledger,
    left: Sequence[PlannedTrial],
    begun: Mapping[str, Trial],
    speed: Speed | None,
    *,
    running: bool,
    num_to_ask: int = 0,
) -> float | None:
    """Return the time that the trials take at a speed, or None if the speed is not known.

    Each trial that a search has yet to ask for counts as the mean of those that it has asked for.
    """
    if not left and not num_to_ask:
        return 0.0
    if speed is None:
        return None
    cost = 0.0
    for trial in left:
        epochs = epochs_left(trial, begun, running=running)
        if epochs is not None:
            cost += _cost_per_epoch(ledger, trial) * epochs
        elif trial.key in begun and running:
            cost += 1.0 - _share_of(seconds_of(begun[trial.key].newest), speed.trial_seconds)
        else:
            cost += 1.0
    more = num_to_ask * _mean_cost(ledger, left, begun, speed) if num_to_ask else 0.0
    return (cost + more) * speed.seconds / speed.cost


def _mean_cost(
    ledger: Ledger, left: Sequence[PlannedTrial], begun: Mapping[str, Trial], speed: Speed
) -> float:
    """Return the mean cost of a study's trials: whole of those left, else of what was trained."""
    unended, costs = {trial.key for trial in left}, []
    for trial in planned_trials(ledger, ()) or ():
        recorded = None if trial.key in unended else begun.get(trial.key)
        if trial.num_epochs is not None:
            epochs = len(recorded.history) if recorded else trial.num_epochs
            costs.append(_cost_per_epoch(ledger, trial) * epochs)
        elif recorded and speed.trial_seconds:
            costs.append(_share_of(seconds_of(recorded.newest), speed.trial_seconds))
        else:
            costs.append(1.0)
    return sum(costs) / len(costs) if costs else 1.0


def num_yet_to_ask(ledger: Ledger, num_trials: int, num_asked: int) -> int:
    """Return how many configurations a search of so many will still ask for."""
    axes = recorded_axes(ledger.study)
    size = None if axes is None else num_points(axes)
    return max(0, (num_trials if size is None else min(size, num_trials)) - num_asked)


def reported_at(line: Mapping[str, Any]) -> float | None:
    """Return when a result was reported, in seconds since 1970 by the clock of its node."""
    return _number(line, "timestamp")


def _number(line: Mapping[str, Any], key: str) -> float | None:
    value = finite_number(line.get(key))
    return value if value is not None and 0 <= value < 1e11 else None


def _ends_at_return(planned: Mapping[str, PlannedTrial], directory: TrialDirectory) -> bool:
    trial = planned.get(directory.trial_key)
    return trial is not None and trial.num_epochs is None


def seconds_of(directory: TrialDirectory) -> float:
    """Return the time from the start of a trial in one launch to its latest result."""
    return sum(_number(line, "time_this_iter_s") or 0.0 for line in directory.records)


def _share_of(seconds: float, mean: float | None) -> float:
    """Return which part of a trial of that mean time is done; 0 if the mean is not known."""
    return min(1.0, seconds / mean) if mean else 0.0


def _cost_per_epoch(ledger: Ledger, trial: PlannedTrial) -> float:
    trainable = trainable_of_study(ledger.study)
    assert trainable is not None and trial.num_epochs is not None
    return trainable.cost(trial.config) / trial.num_epochs
