"""Waiting for nodes that a study needs and a cluster does not have yet.

An autoscaler may start them when it is asked to; which kinds of nodes it could start, Ray tells
nobody, so the only way to find out is to ask and wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tune_app.engine.connection import live_cluster
from tune_app.planning.durations import format_seconds
from tune_app.planning.resources import Cluster

if TYPE_CHECKING:
    from tune_app.planning.prepared_study import PreparedStudy

LOOK_SECONDS = 2.0


def wait_for_nodes(
    study: PreparedStudy, cluster: Cluster, seconds: float, say: Callable[[str], None]
) -> Cluster:
    """Ask the cluster's autoscaler for what the study lacks, and wait until it is there.

    Args:
        study: what is to run; its images are loaded if they are not yet.
        cluster: what is there now.
        seconds: how long to wait at most; then the rows that lack something stay open.
        say: is told what is waited for.

    Returns:
        The cluster as it is then.
    """
    from ray.autoscaler.sdk import request_resources

    if study.trainable.uses_images and not study.images:
        study.load_images()
    ledger, _ = study.ledger(study.device(cluster))
    lacking = study.plan(ledger, cluster, study.recorded(ledger)).lacking
    reasons = {reason for kind in lacking if (reason := cluster.refusal(kind))}
    if not reasons:
        return cluster
    say(f"waiting up to {format_seconds(seconds)} for nodes: {'; '.join(sorted(reasons))}")
    deadline = time.monotonic() + seconds
    request_resources(bundles=[dict(kind) for kind in lacking])
    try:
        while any(cluster.refusal(kind) for kind in lacking) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            cluster = live_cluster()
    finally:
        request_resources(bundles=[])  # from now on the trials themselves are the demand
    return cluster
