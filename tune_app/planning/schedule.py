"""Simulates the trials of a plan on a cluster: how many run at once, and when the last one ends."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence

from tune_app.planning.plan import PlannedTrial
from tune_app.planning.resources import Cluster

Resources = Mapping[str, float]


def num_slots(trials: Sequence[PlannedTrial], cluster: Cluster, max_concurrent: int) -> int:
    """Return how many of these trials run at once at the start, at least 1.

    Args:
        trials: the trials, in the order in which they start.
        cluster: the cluster that they run on.
        max_concurrent: the most trials at once; 0 for no limit.
    """
    return max(1, _Schedule(trials, [1.0] * len(trials), cluster, max_concurrent).num_running())


def schedule_seconds(
    trials: Sequence[PlannedTrial],
    seconds: Sequence[float],
    cluster: Cluster,
    max_concurrent: int,
) -> float:
    """Return when the last trial ends, in seconds, if each starts as soon as there is room.

    This is the list scheduling of Graham (1966). Trials are grouped by the resources they request,
    with a list for each group. The group of which the cluster holds the fewest is served first.

    Args:
        trials: the trials, in the order in which they start.
        seconds: the duration of each trial, in the same order.
        cluster: the cluster that they run on.
        max_concurrent: the most trials at once; 0 for no limit.
    """
    schedule = _Schedule(trials, seconds, cluster, max_concurrent)
    now = 0.0
    while schedule.num_running():
        now = schedule.end_next()
    return now


class _Schedule:
    """The waiting trials, the running trials, and the free resources of each node."""

    def __init__(
        self,
        trials: Sequence[PlannedTrial],
        seconds: Sequence[float],
        cluster: Cluster,
        max_concurrent: int,
    ) -> None:
        kinds: dict[frozenset[tuple[str, float]], deque[float]] = {}
        for trial, duration in zip(trials, seconds, strict=True):
            kinds.setdefault(frozenset(trial.resources.items()), deque()).append(duration)
        lists = [(dict(kind), durations) for kind, durations in kinds.items()]
        self._kinds = sorted(lists, key=lambda kind: cluster.num_slots(kind[0]))
        self._limited = max_concurrent > 0
        self._limit = max_concurrent or len(trials)
        self._free = [dict(node) for node in cluster.nodes]
        self._running: list[tuple[float, int, int]] = []
        for node in range(len(self._free)):
            self._fill(node, 0.0)

    def num_running(self) -> int:
        """Return the number of running trials."""
        return len(self._running)

    def end_next(self) -> float:
        """End the running trial that is done first and start others; return the time of that."""
        now, kind, node = heapq.heappop(self._running)
        for name, amount in self._kinds[kind][0].items():
            self._free[node][name] += amount
        # Without a limit on trials at once, only this node has new room.
        for place in range(len(self._free)) if self._limited else (node,):
            self._fill(place, now)
        return now

    def _fill(self, node: int, now: float) -> None:
        free = self._free[node]
        for kind, (resources, durations) in enumerate(self._kinds):
            while durations and len(self._running) < self._limit and _fits(resources, free):
                for name, amount in resources.items():
                    free[name] -= amount
                heapq.heappush(self._running, (now + durations.popleft(), kind, node))


def _fits(resources: Resources, free: Resources) -> bool:
    return all(free.get(name, 0.0) + 1e-9 >= amount for name, amount in resources.items())
