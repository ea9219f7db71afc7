"""The plan of a launch: which trials it runs, and which rows it leaves open.

Rows that need the same training share a trial (:mod:`tune_app.planning.sharing`). Rows that the
cluster or the data cannot run stay open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from search_spaces.configuration import Config, Configuration
from tune_app.planning.order import Order, default_order
from tune_app.planning.resources import Cluster, trial_resources, with_workers
from tune_app.planning.sharing import Row, group_rows, milestone_of
from tune_app.study.trial_record import AT_RETURN
from tune_app.study.trials import RowKey
from tune_app.training.registry import Trainable


@dataclass(frozen=True)
class PlannedTrial:
    """One trial to launch.

    Attributes:
        key: identity of the trial, the same in every launch.
        name: readable name of the trial and of its directory.
        config: all hyperparameters, with ``seed`` and the resolved ``device``.
        milestones: the epochs at which its rows end, ascending.
        serves: milestone -> config_ids of the rows that end there; the first stands for the trial.
        resources: what the trial requests from Ray (``CPU``, ``GPU``, custom).
        rungs: the epochs, ascending, at which a search decides whether the trial goes on. A
            checkpoint is saved there.
        after_epoch: the epoch after which a search had stopped the trial; 0 if it had not.
        workers: the processes that train the model; its resources are divided among them.
    """

    key: str
    name: str
    config: Config
    milestones: tuple[int, ...]
    serves: Mapping[int, tuple[str, ...]]
    resources: Mapping[str, float]
    rungs: tuple[int, ...] = ()
    after_epoch: int = 0
    workers: int = 1

    @property
    def num_epochs(self) -> int | None:
        """The epochs of the trial; None if it ends when a user's function returns."""
        return None if self.milestones[-1] == AT_RETURN else self.milestones[-1]

    def row_keys(self) -> list[RowKey]:
        """Return the rows that the trial serves."""
        seed = int(self.config["seed"])
        return [(config_id, seed) for ids in self.serves.values() for config_id in ids]

    def num_rows(self) -> int:
        """Return how many rows the trial serves."""
        return sum(len(ids) for ids in self.serves.values())

    def taken_further(self, epoch: int) -> PlannedTrial:
        """Return the trial as it goes on after a rung, with a name and a directory of its own."""
        name = self.name if not self.after_epoch else self.name.rpartition("-e")[0]
        return replace(self, name=f"{name}-e{epoch}", after_epoch=epoch)


@dataclass(frozen=True)
class OpenRow:
    """A row that cannot run on this cluster or with these data, and why."""

    key: RowKey
    reason: str


@dataclass(frozen=True)
class SharingCheck:
    """A trial that repeats a row which shares a trial. It serves no row of the study.

    Attributes:
        row: the row.
        trial: the trial, whose only milestone is the row's.
    """

    row: RowKey
    trial: PlannedTrial


@dataclass(frozen=True)
class Plan:
    """The trials of a launch, and the rows that it does not run.

    Attributes:
        trials: the trials to launch, in the order in which they start.
        finished: rows that need no trial any more, with their status.
        open_rows: rows that cannot run here.
        num_rows: the number of rows of the study.
        num_epochs_unshared: the epochs that the rows to run would need without sharing.
        exclusive: whether the study measures time, so that the trials have to start in this order.
        lacking: each set of resources that open rows request and no node has.
        check: the check of sharing that the user asks for, or None.
        left_out: rows that have not finished and are not to be run by this launch.
        is_searching: whether a search is to start more trials.
    """

    trials: tuple[PlannedTrial, ...]
    finished: Mapping[RowKey, str]
    open_rows: tuple[OpenRow, ...]
    num_rows: int
    num_epochs_unshared: int
    exclusive: bool = False
    lacking: tuple[Mapping[str, float], ...] = ()
    check: SharingCheck | None = None
    left_out: frozenset[RowKey] = frozenset()
    is_searching: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to run, nothing to be checked and no row that stays open."""
        settled = len(self.finished) + len(self.left_out)
        return settled == self.num_rows and self.check is None and not self.is_searching

    def with_check(self) -> Plan:
        """Return the plan with the trial of the check as the last of its trials."""
        return (
            self if self.check is None else replace(self, trials=(*self.trials, self.check.trial))
        )

    def num_epochs(self) -> int:
        """Return the number of epochs of all planned trials whose number is known."""
        return sum(trial.num_epochs or 0 for trial in self.trials)


@dataclass(frozen=True)
class PlanOptions:
    """How the trials of a study run.

    Attributes:
        device: the device of configurations that say ``device: auto``: ``cpu`` or ``cuda``.
        sharing: whether rows may share a trial.
        trials_per_gpu: how many CUDA trials share one GPU.
        exclusive: whether the study measures time. Each trial then has its node or its GPU to
            itself.
        order: in which order the trials start; None for :func:`default_order`.
    """

    device: str = "cpu"
    sharing: bool = True
    trials_per_gpu: int = 1
    exclusive: bool = False
    order: Order | None = None


def make_plan(
    configurations: Sequence[Configuration],
    seeds: Sequence[int],
    trainable: Trainable,
    space_resources: Mapping[str, float],
    *,
    cluster: Cluster,
    finished: Mapping[RowKey, str],
    num_train: Mapping[str, int],
    options: PlanOptions,
    left_out: Collection[RowKey] = (),
) -> Plan:
    """Return the plan for every row that is not finished.

    Args:
        configurations: all configurations of the study.
        seeds: all seeds of the study.
        trainable: the study's trainable.
        space_resources: resources of one trial as the space states them.
        cluster: the cluster to run on.
        finished: rows that need no trial, with their status.
        num_train: data set -> number of training images.
        options: how the trials run.
        left_out: rows that are not to be run now.
    """

    def resources_of(config: Config) -> Mapping[str, float]:
        return trial_resources(
            config,
            space_resources,
            trials_per_gpu=options.trials_per_gpu,
            alone_on=cluster if options.exclusive else None,
            workers=trainable.num_workers(config),
        )

    lacking: dict[frozenset[tuple[str, float]], Mapping[str, float]] = {}

    def why_not(config: Config) -> str | None:
        images = num_train.get(str(config.get("dataset")), 0)
        if reason := trainable.cannot_run(config, images):
            return reason
        resources = resources_of(config)
        reason = cluster.refusal(resources)
        if reason:
            lacking[frozenset(resources.items())] = resources
        return reason

    keys = [(configuration, seed) for seed in seeds for configuration in configurations]
    missing = [
        Row(
            c.config_id,
            with_workers(_resolve(trainable, c.config, options.device), trainable, space_resources),
            seed,
        )
        for c, seed in keys
        if (c.config_id, seed) not in finished and (c.config_id, seed) not in left_out
    ]
    rows, open_rows = _separated(missing, why_not)
    groups = group_rows(rows, trainable, sharing=options.sharing)
    order = options.order or default_order(exclusive=options.exclusive)
    trials = [_make_trial(key, group, trainable, resources_of) for key, group in groups.items()]
    return Plan(
        trials=tuple(order.sorted(trials, trainable)),
        finished=finished,
        open_rows=open_rows,
        num_rows=len(keys),
        num_epochs_unshared=sum(milestone_of(trainable, row.config) for row in rows),
        exclusive=options.exclusive,
        lacking=tuple(lacking.values()),
        left_out=frozenset(left_out),
    )


def _separated(
    missing: Iterable[Row], why_not: Callable[[Config], str | None]
) -> tuple[list[Row], tuple[OpenRow, ...]]:
    """Return the rows that can run, and those that stay open."""
    rows, open_rows = [], []
    for row in missing:
        if reason := why_not(row.config):
            open_rows.append(OpenRow((row.config_id, row.seed), reason))
        else:
            rows.append(row)
    return rows, tuple(open_rows)


def _resolve(trainable: Trainable, config: Config, device: str) -> Config:
    """Return the configuration with every default filled in and ``device: auto`` decided."""
    complete = trainable.complete(config)
    if complete.get("device") == "auto":
        complete["device"] = device
    return complete


def _make_trial(
    key: str,
    rows: Sequence[Row],
    trainable: Trainable,
    resources_of: Callable[[Config], Mapping[str, float]],
) -> PlannedTrial:
    serves: dict[int, tuple[str, ...]] = {}
    configs: dict[int, Config] = {}
    for row in rows:
        milestone = milestone_of(trainable, row.config)
        serves[milestone] = (*serves.get(milestone, ()), row.config_id)
        configs.setdefault(milestone, row.config)
    milestones = tuple(sorted(serves))
    config, seed = configs[milestones[-1]], rows[0].seed
    return PlannedTrial(
        key=key,
        name=f"{_file_name(trainable.label(config))}-s{seed}-{key}",
        config={**config, "seed": seed},
        milestones=milestones,
        serves=serves,
        resources=resources_of(config),
        workers=trainable.num_workers(config),
    )


def _file_name(label: str) -> str:
    """Return a trainable's label with only those characters that a directory's name may have."""
    return re.sub(r"[^A-Za-z0-9._+=-]+", "_", label)[:120]
