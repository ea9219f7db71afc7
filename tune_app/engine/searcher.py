"""Hands planned trials to Ray Tune one after the other.

Tune's own grid expansion knows neither which rows are finished nor which share a trial, so the
planner expands and this searcher only deals out.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ray.tune.callback import Callback
from ray.tune.experiment import Trial
from ray.tune.search import Searcher

HOLD_SECONDS = 20.0
"""A worker that has its place starts within."""
REFRESH_SECONDS = 5.0

Slots = Callable[[Mapping[str, float]], int]
"""Resources of a trial -> how many such trials the cluster, as it is now, holds at once."""


class StartedTrials(Callback):
    """Remembers which trials were given a worker.

    Attributes:
        ids: Tune's ids of them.
    """

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Remember one."""
        self.ids.add(trial.trial_id)


@dataclass
class _Kind:
    """The trials that ask for the same resources."""

    resources: Mapping[str, float]
    left: deque[dict[str, Any]] = field(default_factory=deque)
    waiting: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    num_slots: int = 0
    moved: float = 0.0


class PlannedTrials(Searcher):
    """Deals out complete configurations, those of each kind in the plan's order.

    A kind are the trials that ask for the same resources. Tune keeps a few trials waiting and asks
    for no more meanwhile: were they all waiting for a CPU, GPUs would stand idle, and the other way
    around. So each kind may have its share of them waiting. The kind of which the fewest find room
    comes first, and while it spreads over the cluster the others are held back: Ray puts a trial on
    any CPU, and one that trains there would keep a GPU of the same node without a CPU. A kind that
    no node can hold, since one was lost, comes when nothing else is left.

    Args:
        configs: what each trial's function receives; ``config["plan"]["resources"]`` is its kind.
        started: knows which trials run.
        slots: how many trials of a kind the cluster holds.
        max_waiting: how many trials Tune keeps waiting.
        in_order: whether to deal in the plan's order whatever the kinds.
        is_limited: whether trials that wait count as running, as under ``--max-concurrent``: then
            none is dealt that has to wait.
    """

    def __init__(
        self,
        configs: Sequence[dict[str, Any]],
        started: StartedTrials,
        slots: Slots,
        *,
        max_waiting: int,
        in_order: bool = False,
        is_limited: bool = False,
    ) -> None:
        super().__init__()
        kinds: dict[Hashable, _Kind] = {}
        for config in configs:
            resources = config["plan"]["resources"]
            key = None if in_order else frozenset(resources.items())
            kinds.setdefault(key, _Kind(resources)).left.append(config)
        self._kinds = list(kinds.values())
        self._started = started
        self._slots = slots
        self._max_waiting = max(1, max_waiting // max(1, len(kinds)))
        self._is_limited = is_limited
        self._refreshed = float("-inf")

    def suggest(self, trial_id: str) -> Any:
        """Return the next trial's configuration, None for none now, or ``Searcher.FINISHED``."""
        with_some_left = [kind for kind in self._kinds if kind.left]
        if not with_some_left:
            return Searcher.FINISHED
        if len(self._kinds) == 1:
            return self._kinds[0].left.popleft()
        now = time.monotonic()
        self._refresh(now)
        with_room = [kind for kind in with_some_left if kind.num_slots]
        for kind in sorted(with_room or with_some_left, key=lambda kind: kind.num_slots):
            num_dealt = len(kind.waiting) + len(kind.running)
            has_room = not self._is_limited or num_dealt < max(1, kind.num_slots)
            if has_room and len(kind.waiting) < self._max_waiting:
                kind.waiting.add(trial_id)
                return kind.left.popleft()
            spreads = num_dealt < kind.num_slots
            if spreads and now < kind.moved + HOLD_SECONDS:
                return None
        return None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Note that a trial has ended; the plan does not depend on results."""
        for kind in self._kinds:
            kind.waiting.discard(trial_id)
            kind.running.discard(trial_id)

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a study resumes from its ledger, not from Tune's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing, as in :meth:`save`."""

    def _refresh(self, now: float) -> None:
        """Note which trials have begun since, and now and then how large the cluster is."""
        if now >= self._refreshed + REFRESH_SECONDS:
            self._refreshed = now
            for kind in self._kinds:
                kind.num_slots = self._slots(kind.resources)
        for kind in self._kinds:
            begun = kind.waiting & self._started.ids if kind.waiting else set()
            if begun or not kind.running | kind.waiting:
                kind.moved = now
            kind.waiting -= begun
            kind.running |= begun
