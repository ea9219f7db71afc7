"""Pass Tune's events on to the display of the trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ray.tune.callback import Callback
from ray.tune.experiment import Trial

from tune_app.engine import failures
from tune_app.engine.display import TrialDisplay
from tune_app.planning.resources import Cluster
from tune_app.study.stop import Stop

LOOK_SECONDS = 15.0
"""Time between two looks at the cluster while no trial runs."""


class Recorder(Protocol):
    """What the display needs to know of the recorder."""

    incomplete: dict[str, str]

    def refuses(self, trial_id: str) -> bool:
        """Return whether the rows of a trial cannot be recorded."""


class ProgressCallback(Callback):
    """Passes Tune's events on to a display.

    Args:
        display: gets the events.
        cluster: returns the current resources of the cluster; called while no trial runs.
        recorder: knows which rows cannot be recorded and which trials ended without a result.
        stops: Tune's id of a trial -> why it is ended early.
    """

    def __init__(
        self,
        display: TrialDisplay,
        cluster: Callable[[], Cluster],
        recorder: Recorder,
        stops: Mapping[str, Stop] | None = None,
    ) -> None:
        self._display = display
        self._stops = {} if stops is None else stops
        self._recorder = recorder
        self._cluster = cluster
        self._looked = time.monotonic()
        self._stranded = ""
        self._running: set[str] = set()

    def setup(
        self,
        stop: Any = None,
        num_samples: int | None = None,
        total_num_samples: int | None = None,
        **info: Any,
    ) -> None:
        """Pass on that the experiment begins."""
        self._display.begin()

    def on_step_end(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Pass on, once, that no node could hold any of the waiting trials."""
        now = time.monotonic()
        if self._running or now < self._looked + LOOK_SECONDS:
            return
        self._looked = now
        waiting = [trial for trial in trials if trial.status == Trial.PENDING]
        cluster = self._cluster()
        reasons = [cluster.refusal(trial.config["plan"]["resources"]) for trial in waiting]
        stranded = "; ".join(sorted({reason or "" for reason in reasons})) if all(reasons) else ""
        if stranded and stranded != self._stranded:
            self._display.nothing_can_run(stranded)
        self._stranded = stranded

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on that an attempt of a trial has started."""
        self._running.add(trial.trial_id)
        self._display.started(*_identity(trial))

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Pass on a reported epoch."""
        if self._recorder.refuses(trial.trial_id):
            return
        self._display.reported(*_identity(trial), result)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on the end of a trial."""
        self._running.discard(trial.trial_id)
        key, name = _identity(trial)
        reason = self._recorder.incomplete.get(name)
        if trial.trial_id in self._stops:
            self._halted(trial)
        elif reason is None:
            self._display.completed(key, name)
        else:
            self._display.failed(key, name, reason)

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on that an attempt has failed and another one follows."""
        self._running.discard(trial.trial_id)
        self._display.tried_again(*_identity(trial), _reason(trial))

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on that a trial has failed in its last attempt."""
        self._running.discard(trial.trial_id)
        if trial.trial_id in self._stops:
            self._halted(trial)
        else:
            self._display.failed(*_identity(trial), _reason(trial))

    def _halted(self, trial: Trial) -> None:
        last = trial.config["plan"]["milestones"][-1]
        self._display.halted(*_identity(trial), self._stops[trial.trial_id].reason(last))


def _identity(trial: Trial) -> tuple[str, str]:
    plan = trial.config["plan"]
    return str(plan["trial_key"]), str(plan["name"])


def _reason(trial: Trial) -> str:
    return failures.reason(failures.last_attempt(trial))
