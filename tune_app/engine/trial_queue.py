"""Tune's order of trials, found without a look at every trial that ever was.

Tune's own scheduler walks through all trials of a study, ended ones too, each time it looks for one
to start: with 10,000 of them that is a third of the driver's time.

Tune asks for no more trials while as many wait as it keeps ready. Those of a node that is lost wait
too, perhaps for ever: were they counted, the nodes that are left would soon have nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

from tune_app.engine.searcher import REFRESH_SECONDS, Slots


class TrialQueue(FIFOScheduler):
    """First in, first out among the trials that have not ended; one that is tried again queues.

    Args:
        slots: how many trials with certain resources the cluster holds now.
        max_waiting: how many trials that a node could hold Tune keeps waiting.
    """

    def __init__(self, slots: Slots, max_waiting: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._open: dict[str, Trial] = {}
        self._slots = slots
        self._max_waiting = max_waiting
        self._looked = float("-inf")

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Queue a trial."""
        self._open.pop(trial.trial_id, None)
        self._open[trial.trial_id] = trial

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """Return the first trial that waits to be started, None if none does."""
        for trial_id, trial in list(self._open.items()):
            if trial.is_finished():
                del self._open[trial_id]
        now = time.monotonic()
        if now >= self._looked + REFRESH_SECONDS:
            self._looked = now
            tune_controller.update_max_pending_trials(self._max_waiting + self._num_stranded())
        trials = self._open.values()
        waiting = (trial for trial in trials if trial.status == Trial.PENDING)
        paused = (trial for trial in trials if trial.status == Trial.PAUSED)
        return next(waiting, None) or next(paused, None)

    def _num_stranded(self) -> int:
        """Return how many trials wait for what no node has."""
        holds: dict[frozenset[tuple[str, float]], bool] = {}
        num_stranded = 0
        for trial in self._open.values():
            if trial.status == Trial.PENDING:
                resources: Mapping[str, float] = trial.config["plan"]["resources"]
                kind = frozenset(resources.items())
                if kind not in holds:
                    holds[kind] = self._slots(resources) > 0
                num_stranded += not holds[kind]
        return num_stranded
