"""Count how many trials ran at the same time on one node. Training times depend on that.

The time stamps of recorded rows cannot replace this count: an attempt that died before its first
row, and a trial that has not reported yet, slow other trials down without having a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(eq=False)
class _Run:
    """A trial between its start and its end.

    Time is counted in moments. Each start and each end of a trial begins a new one.

    Attributes:
        began: the moment in which it started.
        settled: the moment from which on its neighbours still have to be counted.
        most: the most trials that ran on its node at once before ``settled``.
        ended: the moment in which it ended, or None.
        node: the node it runs on, or None while that is unknown.
    """

    began: int
    settled: int
    most: int = 1
    ended: int | None = None
    node: str | None = None


class Concurrency:
    """Counts, for each trial, the most trials that ran on its node at once while it ran.

    The node of a trial is known from its first result on. Until then the trial counts on every
    node. Moments before the start of all trials without a known node are settled and are not
    counted again, so each result looks only at what ran on its own node since the one before.
    """

    def __init__(self) -> None:
        self._moment = 0
        self._running: dict[str, _Run] = {}
        self._on_node: defaultdict[str | None, list[_Run]] = defaultdict(list)

    def start(self, trial_id: str) -> None:
        """Note the start of an attempt, which may be on another node than the one before."""
        before = self._running.get(trial_id)
        self.end(trial_id)
        run = _Run(self._moment, self._moment, before.most if before else 1)
        self._running[trial_id] = run
        self._on_node[None].append(run)

    def end(self, trial_id: str) -> None:
        """Note that a trial has ended, and drop the trials that no running trial ran beside."""
        self._moment += 1
        run = self._running.pop(trial_id, None)
        if run is not None:
            run.ended = self._moment
            asked = min((r.settled for r in self._running.values()), default=self._moment)
            for place in {None, run.node}:
                kept = [r for r in self._on_node[place] if r.ended is None or r.ended > asked]
                self._on_node[place] = kept

    def most_at_once(self, trial_id: str, node: str) -> int:
        """Return the most trials that ran on the trial's node at once, itself included."""
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
    """Return the most runs that overlap at one moment from ``first`` up to, without, ``end``."""
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
