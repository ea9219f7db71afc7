"""How much of a launch is done, and how long the rest takes.

Work is counted in the trainable's unit of cost. A search adds trials while it runs, and ends some
of them early; those that it will add are expected to cost as much as the others did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping


class WorkDone:
    """Counts the cost of trials that is done.

    Args:
        costs: trial_key -> the cost of each planned trial.
        num_more: how many trials a search is to add.

    Attributes:
        num_more: how many trials a search is still to add.
        num_ended: trials that have ended.
    """

    def __init__(self, costs: Mapping[str, float], num_more: int = 0) -> None:
        self.num_more = num_more
        self.num_ended = 0
        self._costs = dict(costs)
        self._done = dict.fromkeys(self._costs, 0.0)
        self._cut: dict[str, float] = {}
        # Sums over all trials are kept up to date, since they are needed at every result.
        self._whole = sum(self._costs.values())
        self._sum_done = self._sum_resumed = 0.0
        self._begun: dict[str, float] = {}
        self._completed_seconds, self._num_completed = 0.0, 0
        self._started = time.monotonic()

    @property
    def num_trials(self) -> int:
        """The trials of the launch, those included that a search is still to add."""
        return len(self._costs) + self.num_more

    @property
    def share(self) -> float:
        """The share of the work that is done, of what is known of it."""
        return self._sum_done / (self._whole or 1.0)

    def start_clock(self, seconds_ago: float = 0.0) -> None:
        """Let the time count from now, or from some seconds ago."""
        self._started = time.monotonic() - seconds_ago

    def add(self, key: str, cost: float) -> bool:
        """Count a trial of a search; return whether it is new.

        One that goes on after it was ended early has been counted before.
        """
        if key in self._cut:
            self._whole += self._cut.pop(key)
            self.num_ended -= 1
        if key in self._costs:
            return False
        self._costs[key], self._done[key] = cost, 0.0
        self._whole += cost
        self.num_more = max(0, self.num_more - 1)
        return True

    def begin(self, key: str) -> None:
        """Note that an attempt of a trial begins."""
        self._begun[key] = time.monotonic()

    def resume(self, key: str, share: float) -> None:
        """Note that a share of a trial was done before this launch."""
        self._sum_resumed += self._costs[key] * share

    def note(self, key: str, share: float) -> None:
        """Note which share of a trial is done."""
        self._sum_done += self._costs[key] * (share - self._done[key])
        self._done[key] = share

    def complete(self, key: str) -> None:
        """Note that a trial has ended by itself."""
        self._completed_seconds += time.monotonic() - self._begun.get(key, self._started)
        self._num_completed += 1
        self.end(key)

    def end(self, key: str) -> None:
        """Note that a trial has ended, or failed."""
        self.note(key, 1.0)
        self.num_ended += 1

    def halt(self, key: str) -> None:
        """Note that a trial is ended early: the rest of it is no work any more."""
        self.num_ended += 1
        self._cut[key] = self._costs[key] * (1.0 - self._done[key])
        self._whole -= self._cut[key]

    def seconds_left(self, running: Mapping[str, bool]) -> float | None:
        """Return the time left, estimated from the cost done so far; None at the beginning.

        Args:
            running: trial_key -> whether its number of epochs is unknown, of each running trial.
                Such a trial counts by the share of its time so far in the mean time of those that
                have ended.
        """
        under_way = self._under_way([key for key, is_unknown in running.items() if is_unknown])
        own = self._sum_done + under_way - self._sum_resumed
        elapsed = time.monotonic() - self._started
        whole = self._whole * (1 + self.num_more / max(1, len(self._costs)))
        left = max(0.0, whole - self._sum_done - under_way)
        return left * elapsed / own if own > 0.02 * whole else None

    def _under_way(self, keys: list[str]) -> float:
        if not self._num_completed or not self._completed_seconds:
            return 0.0
        mean, now = self._completed_seconds / self._num_completed, time.monotonic()
        return sum(self._costs[k] * min(1.0, (now - self._begun[k]) / mean) for k in keys)
