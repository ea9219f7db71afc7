"""How many trials ran at once: a time means little without it."""

from __future__ import annotations

from collections import defaultdict


class Concurrency:
    """Counts, for each trial, the most trials that ran on its node at once while it ran.

    That number can only grow when a trial begins, so who runs then is kept, one set for all of
    them. Where a trial runs is known from its first result on; until then it counts for every node,
    and the sets that it is in are kept to be counted again.
    """

    def __init__(self) -> None:
        self._running: set[str] = set()
        self._nodes: dict[str, str] = {}
        self._most: dict[str, int] = {}
        self._together: defaultdict[str, list[frozenset[str]]] = defaultdict(list)

    def start(self, trial_id: str) -> None:
        """Note that a trial has begun, or begun again, perhaps on another node."""
        self._nodes.pop(trial_id, None)
        self._together.pop(trial_id, None)
        self._running.add(trial_id)
        now = frozenset(self._running)
        for running in now:
            self._together[running].append(now)

    def end(self, trial_id: str) -> None:
        """Note that a trial has ended for good; nobody asks what ran beside it any more."""
        self._running.discard(trial_id)
        self._together.pop(trial_id, None)
        self._most.pop(trial_id, None)

    def most_at_once(self, trial_id: str, node: str) -> int:
        """Return how many trials ran on the trial's node at most, itself included: 1 is alone."""
        self._nodes[trial_id] = node
        most, unsettled = self._most.get(trial_id, 1), []
        seen = most
        for together in self._together.pop(trial_id, ()):
            count = sum(self._nodes.get(other, node) == node for other in together)
            seen = max(seen, count)
            if all(other in self._nodes for other in together):
                most = max(most, count)
            else:
                unsettled.append(together)
        if trial_id in self._running:
            self._most[trial_id], self._together[trial_id] = most, unsettled
        return seen
