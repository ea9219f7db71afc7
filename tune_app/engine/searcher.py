"""Pass trials to Ray Tune one after the other: those of the plan, and those of a search.

Tune's own grid expansion does not know which rows are finished and which share a trial. Therefore
the planner expands the search space, and this searcher only passes its trials on.

A search is asked for its next trial only when there is room for one, so that it knows every result
that there is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ray.tune.callback import Callback
from ray.tune.experiment import Trial
from ray.tune.search import Searcher

HOLD_SECONDS = 20.0
"""A worker starts within this time once the cluster has room for it."""
REFRESH_SECONDS = 5.0

Slots = Callable[[Mapping[str, float]], int]
"""Resources of a trial -> how many such trials the cluster can run at once."""


class TrialSource(Protocol):
    """Where trials come from that are not in the plan."""

    @property
    def kinds(self) -> Sequence[Mapping[str, float]]:
        """Each set of resources that its trials may request."""

    @property
    def is_done(self) -> bool:
        """Whether no more trials will ever come."""

    def take(self) -> dict[str, Any] | None:
        """Return the config of the next trial, or None if there is none for now."""


class StartedTrials(Callback):
    """Remembers which trials have started.

    Attributes:
        ids: Tune's ids of these trials.
    """

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Remember a trial."""
        self.ids.add(trial.trial_id)


@dataclass
class _ResourceGroup:
    """Trials that request the same resources.

    Attributes:
        resources: what each of them requests.
        left: the configs of those that Tune has not got yet.
        waiting: Tune's ids of those that have not started.
        running: Tune's ids of those that run.
        num_slots: how many of them the cluster can run at once.
        moved: when one of them last started.
    """

    resources: Mapping[str, float]
    left: deque[dict[str, Any]] = field(default_factory=deque)
    waiting: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    num_slots: int = 0
    moved: float = 0.0

    @property
    def num_dealt(self) -> int:
        """How many of them Tune has."""
        return len(self.waiting) + len(self.running)


class PlannedTrials(Searcher):
    """Passes complete configurations to Tune.

    Trials are grouped by the resources they request, and each group keeps the plan's order. Tune
    keeps a few trials waiting and asks for no more until one starts. If all of them waited for a
    CPU, GPUs would stand idle, and the other way around. So each group may have its share of the
    waiting trials.

    The group of which the fewest trials fit into the cluster comes first. While its trials start,
    the other groups are held back: Ray may place a trial on any CPU, and a CPU trial on a node with
    GPUs could leave a GPU there without a CPU. A group that no node can hold, because one was lost,
    comes last.

    Args:
        configs: what each trial's function receives. ``config["plan"]["resources"]`` decides its
            group.
        started: knows which trials have started.
        slots: returns how many trials with the given resources the cluster can run at once.
        max_waiting: how many trials Tune keeps waiting.
        in_order: whether to keep the plan's order over all trials, so that there is one group.
        is_limited: whether waiting trials count as running, as with ``--max-concurrent``. Then no
            trial is passed on that would have to wait.
        source: gives further trials while there is room for them. With a source no trial is passed
            on that would have to wait.
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
        source: TrialSource | None = None,
    ) -> None:
        super().__init__()
        self._by_resources: dict[Hashable, _ResourceGroup] = {}
        self._started = started
        self._slots = slots
        self._in_order = in_order
        self._most_waiting = max_waiting
        self._is_limited = is_limited or source is not None
        self._source = source
        self._refreshed = float("-inf")
        for resources in () if source is None else source.kinds:
            self._group_of(resources)
        for config in configs:
            self._add(config)

    def suggest(self, trial_id: str) -> Any:
        """Return the next trial's config, None if none may start now, or ``Searcher.FINISHED``."""
        now = time.monotonic()
        if self._source is not None:
            self._refresh(now)
            self._ask(self._source)
        with_some_left = [group for group in self._groups if group.left]
        if not with_some_left:
            is_over = self._source is None or self._source.is_done
            return Searcher.FINISHED if is_over else None
        if len(self._groups) == 1 and self._source is None:
            return self._groups[0].left.popleft()
        self._refresh(now)
        with_room = [group for group in with_some_left if group.num_slots]
        for group in sorted(with_room or with_some_left, key=lambda group: group.num_slots):
            has_room = not self._is_limited or group.num_dealt < max(1, group.num_slots)
            if has_room and len(group.waiting) < self._max_waiting:
                group.waiting.add(trial_id)
                return group.left.popleft()
            spreads = group.num_dealt < group.num_slots
            if spreads and now < group.moved + HOLD_SECONDS:
                return None
        return None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Note that a trial has ended. The plan does not depend on its results."""
        for group in self._groups:
            group.waiting.discard(trial_id)
            group.running.discard(trial_id)

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a study resumes from its ledger, not from Tune's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing, as in :meth:`save`."""

    @property
    def _groups(self) -> list[_ResourceGroup]:
        return list(self._by_resources.values())

    @property
    def _max_waiting(self) -> int:
        return max(1, self._most_waiting // max(1, len(self._by_resources)))

    def _add(self, config: dict[str, Any]) -> None:
        self._group_of(config["plan"]["resources"]).left.append(config)

    def _group_of(self, resources: Mapping[str, float]) -> _ResourceGroup:
        key = None if self._in_order else frozenset(resources.items())
        if key not in self._by_resources:
            num_slots = 0 if self._source is None else self._slots(resources)
            self._by_resources[key] = _ResourceGroup(resources, num_slots=num_slots)
        return self._by_resources[key]

    def _ask(self, source: TrialSource) -> None:
        """Take trials from the source while some group has room and no trial for it.

        Which resources a trial requests is known only once it is taken. A trial whose group has no
        room waits, so the number of those is limited.
        """
        while sum(len(group.left) for group in self._groups) < self._most_waiting:
            with_room = [g for g in self._groups if g.num_dealt < g.num_slots]
            has_trials = not with_room or any(group.left for group in with_room)
            if self._by_resources and has_trials:  # without groups nothing fits, as the source says
                return
            config = source.take()
            if config is None:
                return
            self._add(config)

    def _refresh(self, now: float) -> None:
        """Note which trials have started, and from time to time how large the cluster is."""
        if now >= self._refreshed + REFRESH_SECONDS:
            self._refreshed = now
            for group in self._groups:
                group.num_slots = self._slots(group.resources)
        for group in self._groups:
            begun = group.waiting & self._started.ids if group.waiting else set()
            if begun or not group.running | group.waiting:
                group.moved = now
            group.waiting -= begun
            group.running |= begun
