"""Send what trials report also to an experiment tracker.

The results in the study directory do not depend on a tracker. It is called in a thread of its own,
so that a slow one does not hold up the trials. If it fails, it gets no more results, a note says
so, and the trials go on. A resumed trial continues its run. The same trial of another study with
the same name, such as one after ``--fresh``, has a run of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback

from tune_app.engine.trackers import Tracker, reason
from tune_app.study.measures import measured

WAIT_SECONDS = 30.0
"""How long the end of a launch waits for the tracker."""
_LONGEST_IDENTITY = 32
"""A time stamp has 19 letters and digits. Weights & Biases allows 128 for the whole key."""


def _never(_trial_id: str) -> bool:
    return False


class TrackingCallback(LoggerCallback):
    """Sends what Tune's trials report to a tracker.

    Args:
        tracker: gets the parameters and the metrics of the trials.
        created_at: when the study was created. It distinguishes studies with the same name.
        refuses: returns whether the rows of a trial, given by Tune's id, cannot be recorded. The
            tracker does not get them.

    Attributes:
        problem: why the tracker was given up, or None.
    """

    def __init__(
        self, tracker: Tracker, created_at: str, refuses: Callable[[str], bool] = _never
    ) -> None:
        self._refuses = refuses
        self._tracker = tracker
        self._study = re.sub("[^0-9A-Za-z]", "", created_at)[:_LONGEST_IDENTITY]
        self._begun: set[str] = set()
        self._runs: dict[str, Any] = {}
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="tracker", daemon=True)
        self.problem: str | None = None
        self._thread.start()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a callback without a tracker: Tune pickles its callbacks, but uses no copy."""
        return LoggerCallback, ()

    def log_trial_start(self, trial: Trial) -> None:
        """Begin the trial's run."""
        trial_id, plan = trial.trial_id, trial.config["plan"]
        if trial_id in self._begun:
            return
        self._begun.add(trial_id)
        params = {key: value for key, value in trial.config.items() if key != "plan"}
        key = f"{self._study}-{plan['trial_key']}"

        def begin() -> None:
            self._runs[trial_id] = self._tracker.begin(key, plan["name"], params)

        self._calls.put(begin)

    def log_trial_result(self, iteration: int, trial: Trial, result: dict[str, Any]) -> None:
        """Record an epoch."""
        trial_id = trial.trial_id
        if self._refuses(trial_id) or trial_id not in self._begun:
            return
        metrics, epoch = measured(result), result["epoch"]
        self._calls.put(lambda: self._tracker.log(self._runs[trial_id], metrics, epoch))

    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        """End the trial's run."""
        trial_id = trial.trial_id
        if trial_id in self._begun:
            self._begun.remove(trial_id)
            self._calls.put(lambda: self._tracker.end(self._runs.pop(trial_id), failed))

    def close(self, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the tracker has got everything, or give it up.

        Args:
            seconds: how long to wait.
        """
        self._calls.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.problem = f"the tracker did not take all results within {seconds:g} s"

    def _work(self) -> None:
        """Make the calls of the tracker, in their order, until one fails."""
        while (call := self._calls.get()) is not None:
            if self.problem is None:
                try:
                    call()
                except Exception as error:  # any error of its package
                    self.problem = f"the tracker failed and got no more results: {reason(error)}"
