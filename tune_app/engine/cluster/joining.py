"""Wait for nodes that a study needs and a cluster does not have yet.

An autoscaler may start them on request. Ray does not tell which nodes the autoscaler could start,
so the only way to find out is to ask and wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from tune_app.engine.connection import live_cluster
from tune_app.planning.durations import format_seconds
from tune_app.planning.resources import Cluster

LOOK_SECONDS = 2.0


def wait_for_nodes(
    lacking: Sequence[Mapping[str, float]],
    cluster: Cluster,
    seconds: float,
    say: Callable[[str], None],
) -> Cluster:
    """Ask the cluster's autoscaler for the resources that a plan lacks, and wait for them.

    Args:
        lacking: the resources of trials that no node can hold; each set of resources once.
        cluster: the cluster as it is now.
        seconds: the longest time to wait. After it, rows that lack resources stay open.
        say: gets a line that says what the command waits for.

    Returns:
        The cluster as it is after the wait.
    """
    from ray.autoscaler.sdk import request_resources

    reasons = {reason for resources in lacking if (reason := cluster.refusal(resources))}
    say(f"waiting up to {format_seconds(seconds)} for nodes: {'; '.join(sorted(reasons))}")
    deadline = time.monotonic() + seconds
    request_resources(bundles=[dict(resources) for resources in lacking])
    try:
        while any(map(cluster.refusal, lacking)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            cluster = live_cluster()
    finally:
        request_resources(bundles=[])  # from now on the trials request the resources
    return cluster
