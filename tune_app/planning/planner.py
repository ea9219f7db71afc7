"""Plans the trials of a launch.

Rows that need the same training share a trial (:mod:`tune_app.planning.sharing`). Rows that the
cluster or the data cannot run stay open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from search_spaces.configuration import Config, Configuration
from tune_app.planning.order import Order, default_order
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
