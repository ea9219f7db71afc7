"""What a study still has to do and how long that takes, from what it recorded.

The trials left are planned as the next launch would plan them (:mod:`tune_app.planning.plan`). The
time left is their cost divided by the speed of the newest launch: the cost of the epochs that it
recorded
over the time from its first epoch's beginning to its latest result. Costs are the trainable's own,
so a launch that began with its longest trials is judged fairly. The end of a study, where slots
fall idle for want of trials, is not foreseen, nor is a cluster that grows or shrinks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UserError
from tune_app.planning.plan import PlannedTrial, PlanOptions, make_plan
from tune_app.planning.resources import Cluster
from tune_app.study.ledger import Ledger
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trials import RowKey, Trial
from tune_app.training.checkpoint import read_index, resumable_checkpoints
from tune_app.training.registry import TRAINABLES, check_config

_ANY_NODE = Cluster(({"CPU": 1.0, "GPU": 1.0},))
"""Rows that the real cluster cannot run are named by the launch; here only their work counts."""


@dataclass(frozen=True)
class Speed:
    """How fast the newest launch went.

    Attributes:
        launch: its name.
        num_epochs: epochs recorded in it, each counted once.
        cost: of those epochs, in the trainable's unit.
        seconds: from the beginning of its first epoch to its latest result.
    """

    launch: str
    num_epochs: int
    cost: float
    seconds: float


def planned_trials(ledger: Ledger, finished: Collection[RowKey]) -> tuple[PlannedTrial, ...] | None:
    """Return the trials for all other rows, or None if this program does not know how to plan them.

    That is so for a trainable, or a parameter of one, that is not of this version.
    """
    study = ledger.study
    trainable = TRAINABLES.get(study["space"]["trainable"])
    if trainable is None:
        return None
    configurations = ledger.configurations()
    try:
        for configuration in configurations:
            check_config("study.json", trainable, configuration.config)
    except UserError:
        return None
    sharing = study["launches"][-1].get("sharing", True) if study["launches"] else True
    sizes = {name: entry.get("num_train") for name, entry in study["data"]["datasets"].items()}
    plan = make_plan(
        configurations,
        study["seeds"],
        trainable,
        {},
        cluster=_ANY_NODE,
        finished=dict.fromkeys(finished, ""),
        num_train={name: size for name, size in sizes.items() if isinstance(size, int)},
        options=PlanOptions(study["device"], bool(sharing)),
    )
    return plan.trials


def epochs_left(trial: PlannedTrial, begun: Mapping[str, Trial], *, running: bool) -> int:
    """Return the epochs a trial still has to train.

    Args:
        trial: as the next launch would plan it.
        begun: what was recorded of each trial.
        running: whether a driver holds the study. What a trial recorded is done then. Otherwise the
            next launch trains again what came after the newest checkpoint.
    """
    recorded = begun.get(trial.key)
    last = trial.milestones[-1]
    if recorded is None:
        return last
    if running:
        return last - sum(epoch <= last for epoch in recorded.history)
    candidates = resumable_checkpoints(recorded, trial.milestones[0])
    epochs = [index.epoch for path in candidates if (index := read_index(path)) is not None]
    return last - max(epochs, default=0)


def measure_speed(ledger: Ledger, directories: Sequence[TrialDirectory]) -> Speed | None:
    """Return the speed of the newest launch, or None if it recorded nothing to tell it from."""
    launches = ledger.study["launches"]
    newest = launches[-1].get("name") if launches else None
    trials = planned_trials(ledger, ())
    costs = {trial.key: _cost_per_epoch(ledger, trial) for trial in trials or ()}
    num_epochs, cost = 0, 0.0
    lines = []
    for directory in directories:
        if directory.launch == newest and directory.plan:
            lines += directory.records
            epochs = len({line["epoch"] for line in directory.records})
            num_epochs += epochs
            cost += epochs * costs.get(directory.trial_key, 0.0)
    stamped = [(when, line) for line in lines if (when := reported_at(line)) is not None]
    if not stamped or cost <= 0:
        return None
    first, line = min(stamped, key=lambda entry: entry[0])
    seconds = max(when for when, _ in stamped) - first + (_number(line, "time_this_iter_s") or 0.0)
    return Speed(str(newest), num_epochs, cost, seconds) if seconds > 0 else None


def seconds_left(
    ledger: Ledger,
    left: Sequence[PlannedTrial],
    begun: Mapping[str, Trial],
    speed: Speed | None,
    *,
    running: bool,
) -> float | None:
    """Return the estimated time that the trials take at a speed; None where it is not known."""
    if not left:
        return 0.0
    if speed is None:
        return None
    cost = sum(
        _cost_per_epoch(ledger, trial) * epochs_left(trial, begun, running=running)
        for trial in left
    )
    return cost * speed.seconds / speed.cost


def reported_at(line: Mapping[str, Any]) -> float | None:
    """Return when a result was reported, in seconds since 1970 by the clock of its node."""
    return _number(line, "timestamp")


def _number(line: Mapping[str, Any], key: str) -> float | None:
    value = line.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < 1e11 else None


def _cost_per_epoch(ledger: Ledger, trial: PlannedTrial) -> float:
    return TRAINABLES[ledger.study["space"]["trainable"]].cost(trial.config) / trial.milestones[-1]
