"""How many trials ran at once: a time means little without it."""

from __future__ import annotations

from collections import defaultdict


class Concurrency:
    """Counts, for each trial, the trials that ran on its node at any moment while it ran.

    Where a trial runs is known from its first result on; until then it counts for every node.
    """

    def __init__(self) -> None:
        self._running: set[str] = set()
        self._beside: defaultdict[str, set[str]] = defaultdict(set)
        self._nodes: dict[str, str] = {}

    def start(self, trial_id: str) -> None:
        """Note that a trial has begun, or begun again, perhaps on another node."""
        self._nodes.pop(trial_id, None)
        self._beside[trial_id] |= self._running - {trial_id}
        for other in self._running - {trial_id}:
            self._beside[other].add(trial_id)
        self._running.add(trial_id)

    def end(self, trial_id: str) -> None:
        """Note that a trial has ended for good; nobody asks what ran beside it any more."""
        self._running.discard(trial_id)
        self._beside.pop(trial_id, None)

    def most_at_once(self, trial_id: str, node: str) -> int:
        """Return how many trials ran on the trial's node so far, itself included: 1 is alone."""
        self._nodes[trial_id] = node
        return 1 + sum(self._nodes.get(o, node) == node for o in self._beside[trial_id])
