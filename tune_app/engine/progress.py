"""Tells a display what the trials of a launch do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ray.tune.callback import Callback
from ray.tune.experiment import Trial

from tune_app.engine import failures
from tune_app.planning.resources import Cluster

LOOK_SECONDS = 15.0
"""How often a study of which nothing runs looks at the cluster."""


class Display(Protocol):
    """What is told of trials, each by its key and its name. Ray pickles it."""

    def begin(self) -> None:
        """Trials are going to start."""

    def nothing_can_run(self, reason: str) -> None:
        """No node is left that could hold any of the trials that wait."""

    def started(self, key: str, name: str) -> None:
        """A trial runs."""

    def reported(self, key: str, name: str, result: Mapping[str, Any]) -> None:
        """A trial has reported an epoch."""

    def completed(self, key: str, name: str) -> None:
        """A trial has come to its end."""

    def tried_again(self, key: str, name: str, reason: str) -> None:
        """An attempt has failed, and another follows."""

    def failed(self, key: str, name: str, reason: str) -> None:
        """A trial was given up."""


class ProgressCallback(Callback):
    """Passes Tune's events on to a display.

    Args:
        display: what is told.
        cluster: tells what the cluster offers now; asked while nothing runs.
    """

    def __init__(self, display: Display, cluster: Callable[[], Cluster]) -> None:
        self._display = display
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
        """Pass on, once, that no node is left that could hold any of the trials that wait."""
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
        """Pass on that a trial runs."""
        self._running.add(trial.trial_id)
        self._display.started(*_identity(trial))

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Pass on an epoch."""
        self._display.reported(*_identity(trial), result)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on the end of a trial."""
        self._running.discard(trial.trial_id)
        self._display.completed(*_identity(trial))

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on a failed attempt."""
        self._running.discard(trial.trial_id)
        self._display.tried_again(*_identity(trial), _reason(trial))

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on that a trial was given up."""
        self._running.discard(trial.trial_id)
        self._display.failed(*_identity(trial), _reason(trial))


def _identity(trial: Trial) -> tuple[str, str]:
    plan = trial.config["plan"]
    return str(plan["trial_key"]), str(plan["name"])


def _reason(trial: Trial) -> str:
    return failures.reason(failures.last_attempt(trial))
