"""Run a small task on every node of a Ray cluster.

The driver sends the code that trials need: Ray packs this package and ``search_spaces``, keeps them
in the head node while the job runs, and adds them to the path of every worker, also on nodes that
join later. Everything else (Python, Ray, torch, ...) has to be installed on the nodes.
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
"""Longest time to an answer. A node starts a worker within seconds, later if it fetches code."""
_GONE_SECONDS, _LOOK_SECONDS = 5.0, 0.5
"""Ray learns within seconds that a node's processes have ended."""

RunOnNodes = Callable[[Callable[[str], Any]], dict[str, Any]]
"""Runs a function, which gets the node's id, on each node; returns node's name -> result."""


def run_on_nodes(function: Callable[[str], Any]) -> dict[str, Any]:
    """Run a function on every node that can run trials, at the same time.

    Args:
        function: gets the node's id. A function that is defined inside another one is sent by
            value, so it also runs on nodes that lack this package.

    Returns:
        The node's name and address -> what the function returned there. Nodes that have died
        meanwhile are left out.

    Raises:
        UserError: a node did not answer. The message names it.
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
    """Return the answers of the nodes, without those that have left the cluster meanwhile.

    Args:
        asked: id of a node -> its name, and the reference of its task.
        get: returns the result of the task with the given reference.
        is_gone: returns whether the node with the given id has left the cluster.

    Raises:
        UserError: a node that has not left did not answer. The message names it.
    """
    names = [name for name, _ in asked.values()]
    answers = {}
    for node_id, (name, reference) in asked.items():
        unique = name if names.count(name) == 1 else f"{name}, node {node_id[:8]}"
        try:
            answers[unique] = get(reference)
        except Exception as error:  # one of Ray's many, or one of the function
            if is_gone(node_id):
                continue  # no trial will run there
            raise UserError(
                f"node {unique} cannot run a task ({_reason(error)}); mend or remove it and run "
                "the same command again"
            ) from None
    return answers


def _is_gone(node_id: str) -> bool:
    """Return whether a node has left; its end is known a moment after that of its worker."""
    import ray

    deadline = time.monotonic() + _GONE_SECONDS
    while any(node["Alive"] and node["NodeID"] == node_id for node in ray.nodes()):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def shipped_code() -> dict[str, Any]:
    """Return the runtime environment with this package's code; empty if the job has its own.

    A job that was submitted with ``ray job submit --runtime-env`` may name modules itself. Ray does
    not accept both.
    """
    packages = [str(Path(module.__path__[0])) for module in (tune_app, search_spaces)]
    # Trials get their images as arrays, so the megabytes of the sample are not needed.
    code = {"py_modules": packages, "excludes": ["sample/", "__pycache__/"]}
    job = json.loads(os.environ.get(JOB_CONFIG_VARIABLE) or "{}")
    return {} if code.keys() & (job.get("runtime_env") or {}).keys() else code


def _reason(error: Exception) -> str:
    import ray

    if isinstance(error, ray.exceptions.GetTimeoutError):
        return f"no answer within {ANSWER_SECONDS:.0f} s"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
