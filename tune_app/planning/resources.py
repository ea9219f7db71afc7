"""The resources of a cluster, and those that a trial requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.training.parameter import WORKERS
from tune_app.training.trainable import Trainable

_RAY_NAMES = {"cpu": "CPU", "gpu": "GPU"}


@dataclass(frozen=True)
class Cluster:
    """The resources of a cluster.

    Attributes:
        nodes: the resources of each node, e.g. ``{"CPU": 2.0}``.
        num_hosts: the number of machines that the nodes are on.
    """

    nodes: tuple[Mapping[str, float], ...]
    num_hosts: int = 1

    def total(self, resource: str) -> float:
        """Return the amount of a resource over all nodes."""
        return sum(node.get(resource, 0.0) for node in self.nodes)

    def largest(self, resource: str) -> float:
        """Return the most of a resource that one node has."""
        return max((node.get(resource, 0.0) for node in self.nodes), default=0.0)

    def num_slots(self, resources: Mapping[str, float]) -> int:
        """Return how many trials with these resources fit at once, if no other trials run."""
        return sum(
            min(
                (int(node.get(name, 0.0) / amount + 1e-9) for name, amount in resources.items()),
                default=0,
            )
            for node in self.nodes
        )

    def refusal(self, resources: Mapping[str, float]) -> str | None:
        """Return why no node can hold a trial with these resources, or None if one can."""
        for resource, amount in resources.items():
            largest = self.largest(resource)
            if amount > largest:
                if resource == "GPU" and largest == 0:
                    return "no GPU in the cluster"
                return f"needs {amount:g} {resource}, the largest node has {largest:g}"
        if not any(all(n.get(r, 0) >= a for r, a in resources.items()) for n in self.nodes):
            return f"no single node has {format_resources(resources)}"
        return None


def trial_resources(
    config: Mapping[str, Any],
    space_resources: Mapping[str, float],
    *,
    trials_per_gpu: int = 1,
    alone_on: Cluster | None = None,
    workers: int = 1,
) -> dict[str, float]:
    """Return the resources of a trial under Ray's names. A CUDA trial gets its share of a GPU.

    Args:
        config: the trial's hyperparameters, its device resolved.
        space_resources: the resources of one trial as the space states them.
        trials_per_gpu: how many CUDA trials share one GPU.
        alone_on: the cluster, if trials are to run alone because their time is measured. A CPU
            trial then takes every CPU of the largest node. A CUDA trial takes a whole GPU and the
            node's CPUs divided by its GPUs.
        workers: the processes that train the model. Each has at least a CPU, and a GPU to itself.
    """
    resources = {_RAY_NAMES.get(k, k): float(v) for k, v in space_resources.items()}
    resources.setdefault("CPU", 1.0)
    if workers > 1:
        resources["CPU"] = max(resources["CPU"], float(workers))
    on_gpu = config.get("device") == "cuda"
    if on_gpu and not resources.get("GPU"):
        shared = workers == 1 and alone_on is None
        resources["GPU"] = 1.0 / trials_per_gpu if shared else float(workers)
    if alone_on is not None:
        if on_gpu:
            resources["GPU"] = max(resources["GPU"], 1.0)
        per_node = [(node.get("CPU", 0.0), node.get("GPU", 0.0)) for node in alone_on.nodes]
        whole = [
            workers * (cpus // gpus) if on_gpu else cpus
            for cpus, gpus in per_node
            if gpus or not on_gpu
        ]
        resources["CPU"] = max([resources["CPU"], *whole])
    return {name: amount for name, amount in resources.items() if amount > 0}


def num_gpus(resources: Mapping[str, Any]) -> float:
    """Return the GPUs that a space requests for a trial; 0 if it does not say."""
    found = [value for key, value in resources.items() if _RAY_NAMES.get(key, key) == "GPU"]
    return float(found[0]) if found and isinstance(found[0], (int, float)) else 0.0


def check_gpus(space: SearchSpace, trainable: Trainable) -> None:
    """Check that trials can use the GPUs that the space requests for each.

    A user's function gets as many as are requested, and divides its work itself.

    Raises:
        UserError: they cannot.
    """
    gpus = num_gpus(space.resources)
    if not gpus or trainable.is_own:
        return
    where = f"search space {space.name}: resources: 'gpu': {gpus:g}"
    if "device" not in trainable.parameters:
        raise UserError(f"{where}: trainable {trainable.name} runs on CPUs only; leave gpu out")
    if gpus > 1 and not float(gpus).is_integer():
        raise UserError(f"{where}: allowed: a share of one GPU, such as 0.5, or a whole number")
    for configuration in space.corners():
        workers = configuration.config.get(WORKERS)
        if workers is not None and gpus != workers and (workers > 1 or gpus > 1):
            raise UserError(
                f"{where}: workers is {workers}, and each worker has one GPU to itself; leave gpu "
                "or workers out"
            )


def with_workers(config: Config, trainable: Trainable, resources: Mapping[str, float]) -> Config:
    """Return a configuration with a worker for each GPU, if its space requests several for a trial.

    Args:
        config: the configuration, its device resolved.
        trainable: its trainable; only a shipped one divides its work.
        resources: the resources of one trial as the space states them.
    """
    gpus = num_gpus(resources)
    spreads = WORKERS in trainable.parameters and config.get("device") == "cuda"
    return {WORKERS: int(gpus), **config} if spreads and gpus > 1 else config


def format_resources(resources: Mapping[str, float]) -> str:
    """Return resources as text: ``1 CPU and 1 GPU``."""
    return " and ".join(f"{amount:g} {name}" for name, amount in resources.items())
