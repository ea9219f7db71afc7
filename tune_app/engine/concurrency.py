"""How many trials ran at once: a time means little without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(eq=False)
class _Run:
    """A trial between its start and its end, in moments: every start and end is one.

    Attributes:
        most: how many ran at once on its node, at most, before the moment ``settled``.
    """

    began: int
    settled: int
    most: int = 1
    ended: int | None = None
    node: str | None = None


class Concurrency:
    """Counts, for each trial, the most trials that ran on its node at once while it ran.

    Where a trial runs is known from its first result on; until then it counts for every node. What
    ran before all such trials began is settled and not counted again, so a result costs no more
    than a look at what ran on its own node since the last one.
    """

    def __init__(self) -> None:
        self._moment = 0
        self._running: dict[str, _Run] = {}
        self._on_node: defaultdict[str | None, list[_Run]] = defaultdict(list)

    def start(self, trial_id: str) -> None:
        """Note that a trial has begun, or begun again, perhaps on another node."""
        before = self._running.get(trial_id)
        self.end(trial_id)
        run = _Run(self._moment, self._moment, before.most if before else 1)
        self._running[trial_id] = run
        self._on_node[None].append(run)

    def end(self, trial_id: str) -> None:
        """Note that a trial has ended for good; nobody asks what ran beside it any more."""
        self._moment += 1
        run = self._running.pop(trial_id, None)
        if run is not None:
            run.ended = self._moment
            asked = min((r.settled for r in self._running.values()), default=self._moment)
            for place in {None, run.node}:
                kept = [r for r in self._on_node[place] if r.ended is None or r.ended > asked]
                self._on_node[place] = kept

    def most_at_once(self, trial_id: str, node: str) -> int:
        """Return how many trials ran on the trial's node at most, itself included: 1 is alone."""
        run = self._running.get(trial_id)
        if run is None:
            return 1
        if run.node is None:
            run.node = node
            self._on_node[None].remove(run)
            self._on_node[node].append(run)
        somewhere = self._on_node[None]
        beside = [*self._on_node[node], *somewhere]
        to_now = self._moment + 1
        open_from = min((r.began for r in somewhere if r.ended is None), default=to_now)
        run.most = max(run.most, _most(beside, run.settled, open_from))
        run.settled = max(run.settled, open_from)
        return max(run.most, _most(beside, run.settled, to_now))


def _most(runs: Iterable[_Run], first: int, end: int) -> int:
    """Return how many runs there were at once, at most, from a moment to before another."""
    changes: list[tuple[int, int]] = []
    for run in runs:
        if run.began < end and (run.ended is None or run.ended > first):
            changes.append((max(run.began, first), 1))
            if run.ended is not None:
                changes.append((run.ended, -1))
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most
