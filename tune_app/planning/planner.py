"""Plans the trials of a launch.

Rows that need the same training share a trial (:mod:`tune_app.planning.sharing`). Rows that the
cluster or the data cannot run stay open.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from search_spaces.configuration import Config, Configuration
from tune_app.planning.order import Order
from tune_app.planning.plan import OpenRow, Plan, PlannedTrial
from tune_app.planning.resources import Cluster, trial_resources, with_workers
from tune_app.planning.sharing import Row, group_rows, milestone_of
from tune_app.study.trials import RowKey
from tune_app.training.registry import Trainable


@dataclass(frozen=True)
class PlanOptions:
    """How the trials of a study run.

    Attributes:
        device: the device of configurations that say ``device: auto``: ``cpu`` or ``cuda``.
        sharing: whether rows may share a trial.
        trials_per_gpu: how many CUDA trials share one GPU.
        exclusive: whether the study measures time. Each trial then has its node or its GPU to
            itself.
        order: in which order the trials start.
    """

    device: str = "cpu"
    sharing: bool = True
    trials_per_gpu: int = 1
    exclusive: bool = False
    order: Order = field(default_factory=Order)


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
    requests = _Requests(trainable, space_resources, cluster, options)
    keys = [(configuration, seed) for seed in seeds for configuration in configurations]
    missing = [
        Row(configuration.config_id, requests.complete(configuration.config), seed)
        for configuration, seed in keys
        if (configuration.config_id, seed) not in finished
        and (configuration.config_id, seed) not in left_out
    ]
    rows, open_rows, lacking = _separated(missing, requests, num_train)
    groups = group_rows(rows, trainable, sharing=options.sharing)
    trials = [_make_trial(key, group, requests) for key, group in groups.items()]
    return Plan(
        trials=tuple(options.order.sorted(trials, trainable)),
        finished=finished,
        open_rows=open_rows,
        num_rows=len(keys),
        num_epochs_unshared=sum(milestone_of(trainable, row.config) for row in rows),
        exclusive=options.exclusive,
        lacking=lacking,
        left_out=frozenset(left_out),
    )


@dataclass(frozen=True)
class _Requests:
    """What the trials of a launch request of the cluster."""

    trainable: Trainable
    space_resources: Mapping[str, float]
    cluster: Cluster
    options: PlanOptions

    def complete(self, config: Config) -> Config:
        """Return a configuration with its defaults, its device decided, and its workers."""
        complete = self.trainable.complete(config)
        if complete.get("device") == "auto":
            complete["device"] = self.options.device
        return with_workers(complete, self.trainable, self.space_resources)

    def resources(self, config: Config) -> Mapping[str, float]:
        """Return what the trial of a complete configuration requests from Ray."""
        return trial_resources(
            config,
            self.space_resources,
            trials_per_gpu=self.options.trials_per_gpu,
            alone_on=self.cluster if self.options.exclusive else None,
            workers=self.trainable.num_workers(config),
        )


def _separated(
    missing: Iterable[Row], requests: _Requests, num_train: Mapping[str, int]
) -> tuple[list[Row], tuple[OpenRow, ...], tuple[Mapping[str, float], ...]]:
    """Return the rows that can run, those that stay open, and the resources that no node has."""
    rows, open_rows = [], []
    lacking: dict[frozenset[tuple[str, float]], Mapping[str, float]] = {}
    for row in missing:
        images = num_train.get(str(row.config.get("dataset")), 0)
        resources = requests.resources(row.config)
        if reason := requests.trainable.cannot_run(row.config, images):
            open_rows.append(OpenRow((row.config_id, row.seed), reason))
        elif reason := requests.cluster.refusal(resources):
            open_rows.append(OpenRow((row.config_id, row.seed), reason))
            lacking[frozenset(resources.items())] = resources
        else:
            rows.append(row)
    return rows, tuple(open_rows), tuple(lacking.values())


def _make_trial(key: str, rows: Sequence[Row], requests: _Requests) -> PlannedTrial:
    trainable = requests.trainable
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
        resources=requests.resources(config),
        workers=trainable.num_workers(config),
    )


def _file_name(label: str) -> str:
    """Return a trainable's label with only those characters that a directory's name may have."""
    return re.sub(r"[^A-Za-z0-9._+=-]+", "_", label)[:120]
