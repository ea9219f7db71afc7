"""The resources of a cluster, and those that a trial requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
) -> dict[str, float]:
    """Return the resources of a trial under Ray's names. A CUDA trial gets its share of a GPU.

    Args:
        config: the trial's hyperparameters, its device resolved.
        space_resources: the resources of one trial as the space states them.
        trials_per_gpu: how many CUDA trials share one GPU.
        alone_on: the cluster, if trials are to run alone because their time is measured. A CPU
            trial then takes every CPU of the largest node. A CUDA trial takes a whole GPU and the
            node's CPUs divided by its GPUs.
    """
    resources = {_RAY_NAMES.get(k, k): float(v) for k, v in space_resources.items()}
    resources.setdefault("CPU", 1.0)
    on_gpu = config.get("device") == "cuda"
    if on_gpu and not resources.get("GPU"):
        resources["GPU"] = 1.0 if alone_on else 1.0 / trials_per_gpu
    if alone_on is not None:
        per_node = [(node.get("CPU", 0.0), node.get("GPU", 0.0)) for node in alone_on.nodes]
        whole = [cpus // gpus if on_gpu else cpus for cpus, gpus in per_node if gpus or not on_gpu]
        resources["CPU"] = max([resources["CPU"], *whole])
    return {name: amount for name, amount in resources.items() if amount > 0}


def format_resources(resources: Mapping[str, float]) -> str:
    """Return resources as text: ``1 CPU and 1 GPU``."""
    return " and ".join(f"{amount:g} {name}" for name, amount in resources.items())
