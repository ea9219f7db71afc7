"""Asking every node of a Ray cluster something, with one small task each.

The code that trials need travels with the driver: Ray packs this package and ``search_spaces``,
keeps them in the head node for the time of the job, and puts them onto the path of every worker, on
nodes that join later too. What else they need (Python, Ray, torch, ...) has to be installed there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import search_spaces
import tune_app
from search_spaces.errors import UserError
from tune_app.engine.ray_internals import JOB_CONFIG_VARIABLE

ANSWER_SECONDS = 120.0
"""A node that is well starts a worker within seconds; one that must fetch code, somewhat later."""
_GONE_SECONDS, _LOOK_SECONDS = 5.0, 0.5
"""The end of a node's processes is known within seconds."""

RunOnNodes = Callable[[Callable[[str], Any]], dict[str, Any]]
"""Runs a function of a node's id on each node: node in words -> what it returned."""


def run_on_nodes(function: Callable[[str], Any]) -> dict[str, Any]:
    """Run a function on every node that can run trials, at the same time.

    Args:
        function: takes the node's id. Defined inside of another function it travels by value and
            runs also where this package is missing.

    Returns:
        The node's name and address -> what the function returned there.

    Raises:
        UserError: a node did not answer; it is named. One that has died meanwhile is left out.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(function)
    asked: dict[str, tuple[str, Any]] = {}
    for node in ray.nodes():
        if node["Alive"] and (node["Resources"].get("CPU") or node["Resources"].get("GPU")):
            name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            only_there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            reference = task.options(scheduling_strategy=only_there).remote(node["NodeID"])
            asked[node["NodeID"]] = (name, reference)
    references = [reference for _, reference in asked.values()]
    ray.wait(references, num_returns=len(references), timeout=ANSWER_SECONDS)
    return collect(asked, lambda reference: ray.get(reference, timeout=0), _is_gone)


def collect(
    asked: Mapping[str, tuple[str, Any]],
    get: Callable[[Any], Any],
    is_gone: Callable[[str], bool],
) -> dict[str, Any]:
    """Return what nodes answered, without those that have left the cluster meanwhile.

    Args:
        asked: id of a node -> its name in words and the reference of its task.
        get: returns what the task of a reference returned.
        is_gone: says whether the node with an id has left the cluster.

    Raises:
        UserError: a node that is still there did not answer; it is named.
    """
    names = [name for name, _ in asked.values()]
    answers = {}
    for node_id, (name, reference) in asked.items():
        unique = name if names.count(name) == 1 else f"{name}, node {node_id[:8]}"
        try:
            answers[unique] = get(reference)
        except Exception as error:  # Ray's own, of many kinds, or the function's
            if is_gone(node_id):
                continue  # as if it had left before; no trial will run there
            raise UserError(
                f"node {unique} cannot run a task ({_reason(error)}); mend or remove it and run "
                "the same command again"
            ) from None
    return answers


def _is_gone(node_id: str) -> bool:
    """Look again whether a node is there; its worker's end is known a moment before its own."""
    import ray

    deadline = time.monotonic() + _GONE_SECONDS
    while any(node["Alive"] and node["NodeID"] == node_id for node in ray.nodes()):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def shipped_code() -> dict[str, Any]:
    """Return the runtime environment with this package's code; empty if the job brings its own.

    A job submitted with ``ray job submit --runtime-env`` may name modules itself, and Ray lets
    only one of both name them.
    """
    packages = [str(Path(module.__path__[0])) for module in (tune_app, search_spaces)]
    # The sample images would be megabytes in the head node's memory; trials get arrays.
    code = {"py_modules": packages, "excludes": ["sample/", "__pycache__/"]}
    job = json.loads(os.environ.get(JOB_CONFIG_VARIABLE) or "{}")
    return {} if code.keys() & (job.get("runtime_env") or {}).keys() else code


def _reason(error: Exception) -> str:
    import ray

    if isinstance(error, ray.exceptions.GetTimeoutError):
        return f"no answer within {ANSWER_SECONDS:.0f} s"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
