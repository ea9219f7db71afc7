"""Tune's order of trials, found without a look at every trial that ever was.

Tune's own scheduler walks through all trials of a study, ended ones too, each time it looks for one
to start: with 10,000 of them that is a third of the driver's time.
"""

from __future__ import annotations

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler


class TrialQueue(FIFOScheduler):
    """First in, first out among the trials that have not ended; one that is tried again queues."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._open: dict[str, Trial] = {}

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Queue a trial."""
        self._open.pop(trial.trial_id, None)
        self._open[trial.trial_id] = trial

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """Return the first trial that waits to be started, None if none does."""
        for trial_id, trial in list(self._open.items()):
            if trial.is_finished():
                del self._open[trial_id]
        trials = self._open.values()
        waiting = (trial for trial in trials if trial.status == Trial.PENDING)
        paused = (trial for trial in trials if trial.status == Trial.PAUSED)
        return next(waiting, None) or next(paused, None)
