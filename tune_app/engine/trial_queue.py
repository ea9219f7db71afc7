"""A first-in, first-out scheduler that looks only at trials that have not ended.

Tune's own scheduler walks through all trials of a study, ended ones too, each time it looks for one
to start. With 10,000 trials that takes a third of the driver's time.

Tune creates no more trials while a certain number of trials wait. Trials that only a lost node
could hold wait too, perhaps for ever. They are not counted, so that the other nodes stay busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

from tune_app.engine.searcher import REFRESH_SECONDS, Slots


class TrialQueue(FIFOScheduler):
    """Starts trials in the order in which they came; a trial that is tried again goes to the end.

    Args:
        slots: returns how many trials with the given resources the cluster can run at once.
        max_waiting: how many trials Tune keeps waiting, without those that no node could hold.
        judges: each gets a trial and the row that it has just reported, and returns whether the
            trial goes on. The first that says no is the last that is asked.
        on_lost: gets a trial that Tune has given up without telling anyone, as when a worker could
            not be made ready for it.
    """

    def __init__(
        self,
        slots: Slots,
        max_waiting: int,
        judges: Sequence[Callable[[Trial, Any], bool]] = (),
        on_lost: Callable[[Trial], None] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._open: dict[str, Trial] = {}
        self._slots = slots
        self._max_waiting = max_waiting
        self._judges = judges
        self._on_lost = on_lost
        self._looked = float("-inf")

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Add a trial to the end of the queue."""
        self._open.pop(trial.trial_id, None)
        self._open[trial.trial_id] = trial

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Return whether a trial goes on after a reported row.

        Its function waits until then, so nothing is computed in vain. Tune frees the trial's slot
        once the row has been recorded.
        """
        goes_on = all(judge(trial, result) for judge in self._judges)
        return str(FIFOScheduler.CONTINUE if goes_on else FIFOScheduler.STOP)

    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """Forget a trial that has ended."""
        self._open.pop(trial.trial_id, None)

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Forget a trial that has failed."""
        self._open.pop(trial.trial_id, None)

    def on_trial_remove(self, tune_controller: Any, trial: Trial) -> None:
        """Forget a trial that was stopped while it waited."""
        self._open.pop(trial.trial_id, None)

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """Return the first waiting trial, or None if there is none."""
        for trial_id, trial in list(self._open.items()):
            if trial.is_finished():
                del self._open[trial_id]
                if self._on_lost is not None:
                    tune_controller.search_alg.on_trial_complete(trial_id, error=True)
                    self._on_lost(trial)
        now = time.monotonic()
        if now >= self._looked + REFRESH_SECONDS:
            self._looked = now
            tune_controller.update_max_pending_trials(self._max_waiting + self._num_stranded())
        trials = self._open.values()
        waiting = (trial for trial in trials if trial.status == Trial.PENDING)
        paused = (trial for trial in trials if trial.status == Trial.PAUSED)
        return next(waiting, None) or next(paused, None)

    def _num_stranded(self) -> int:
        """Return how many waiting trials no node could hold."""
        has_room: dict[frozenset[tuple[str, float]], bool] = {}
        num_stranded = 0
        for trial in self._open.values():
            if trial.status == Trial.PENDING:
                resources: Mapping[str, float] = trial.config["plan"]["resources"]
                group = frozenset(resources.items())
                if group not in has_room:
                    has_room[group] = self._slots(resources) > 0
                num_stranded += not has_room[group]
        return num_stranded
