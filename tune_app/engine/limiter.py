"""Ends a launch, or one of its trials, at the limits that the user sets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ray.tune import Stopper
from ray.tune.callback import Callback
from ray.tune.experiment import Trial

from tune_app.engine.own_function import FAILURE
from tune_app.engine.ray_internals import kill_for_good
from tune_app.planning.durations import format_seconds
from tune_app.planning.limits import Limits
from tune_app.study.result_rule import ResultRule
from tune_app.study.stop import TIMED_OUT, Stop
from tune_app.study.trial_record import AT_RETURN

Row = Mapping[str, Any]


class Limiter(Callback):
    """Watches the trials of a launch for its limits.

    A trial that takes too long is killed with its worker process, unless it reports at that moment:
    it then ends with its report.

    Args:
        limits: the limits.
        stops: Tune's id of a trial -> why it is ended early. The recorder reads it.
        spent: trial_key -> the seconds that earlier launches spent on the trial.
        started: when the launch began, by ``time.monotonic``.
        rule: finds the result of a function that ends when it returns.
        recorded: trial_key -> epoch -> row, of earlier launches.
        begun: trial_key -> the last epoch that earlier launches recorded.

    Attributes:
        reached: the limit that ends the launch, in words; empty as long as none does.
        is_target: whether that limit is the target.
    """

    def __init__(
        self,
        limits: Limits,
        stops: MutableMapping[str, Stop],
        spent: Mapping[str, float],
        started: float,
        *,
        rule: ResultRule,
        recorded: Mapping[str, Mapping[int, Row]],
        begun: Mapping[str, int],
    ) -> None:
        self._limits, self._stops, self._started = limits, stops, started
        self._spent = dict(spent)
        self._rule = rule
        self._rows: dict[str, dict[int, Row]] = {k: dict(rows) for k, rows in recorded.items()}
        self._running: dict[str, tuple[Trial, float]] = {}
        self._epochs = dict(begun)
        self._used = 0.0
        self.reached = ""
        self.is_target = False

    def __getstate__(self) -> dict[str, Any]:
        """Leave the trials and their rows out when Tune pickles its callbacks."""
        return {**self.__dict__, "_running": {}, "_rows": {}}

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Start the trial's clock. What was to end it holds no longer if its worker died before."""
        self._stops.pop(trial.trial_id, None)
        self._running[trial.trial_id] = (trial, time.monotonic())

    def goes_on(self, trial: Trial, result: Mapping[str, Any]) -> bool:
        """Return whether a trial goes on after a row, and look whether it reaches the target."""
        epoch = result.get("epoch")
        if FAILURE in result:
            self._rows.pop(_key(trial), None)
            return True
        if isinstance(epoch, int):
            self._epochs[_key(trial)] = epoch
            self._keep(trial, epoch, result)
        if result.get("milestone") == epoch:
            self._look_at(result)
        is_last = epoch == trial.config["plan"]["milestones"][-1]
        return is_last or not self._is_over(trial, time.monotonic())

    def on_step_end(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Look at the clock, at the costs, and for trials that take too long and do not report."""
        limits, now = self._limits, time.monotonic()
        if limits.seconds is not None and now >= self._started + limits.seconds:
            self._reach(f"the time limit of {format_seconds(limits.seconds)}")
        if limits.max_cost is not None:
            resource, hours = limits.max_cost
            running = sum(
                self._hours(t, resource, now - since) for t, since in self._running.values()
            )
            if self._used + running >= hours:
                self._reach(f"the cost of {hours:g} {resource} hours")
        for trial, _ in list(self._running.values()):
            if trial.trial_id not in self._stops and self._is_over(trial, now):
                kill_for_good(trial)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Stop the trial's clock; look at the result of a function that has returned."""
        self._end(trial)
        if trial.trial_id in self._stops:  # a search may take it further
            return
        rows = self._rows.pop(_key(trial), {})
        if trial.config["plan"]["milestones"] == [AT_RETURN]:
            # Later rows are of an attempt that was lost.
            last = self._epochs.get(_key(trial)) or max(rows, default=0)
            rows = {epoch: row for epoch, row in rows.items() if epoch <= last}
            self._look_at(rows.get(self._rule.epoch_of_result(rows) or 0, {}))

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Stop the clock of an attempt that has failed."""
        self._end(trial)

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Stop the clock of a trial that has failed."""
        self._end(trial)

    def _is_over(self, trial: Trial, now: float) -> bool:
        """Return whether a trial has taken too long, and note it."""
        allowed = self._limits.trial_seconds
        if allowed is None or trial.trial_id not in self._running:
            return False
        since = self._running[trial.trial_id][1]
        if self._spent.get(_key(trial), 0.0) + now - since < allowed:
            return False
        epoch = self._epochs.get(_key(trial), 0)
        self._stops[trial.trial_id] = Stop(TIMED_OUT, epoch, seconds=allowed)
        return True

    def _end(self, trial: Trial) -> None:
        _, since = self._running.pop(trial.trial_id, (trial, time.monotonic()))
        seconds = time.monotonic() - since
        self._spent[_key(trial)] = self._spent.get(_key(trial), 0.0) + seconds
        if self._limits.max_cost is not None:
            self._used += self._hours(trial, self._limits.max_cost[0], seconds)

    @staticmethod
    def _hours(trial: Trial, resource: str, seconds: float) -> float:
        return float(trial.config["plan"]["resources"].get(resource, 0.0)) * seconds / 3600

    def _keep(self, trial: Trial, epoch: int, row: Row) -> None:
        """Keep of a row what finds the result and what is compared with the target."""
        if self._limits.target is not None:
            names = (self._rule.objective.metric, self._limits.target[0])
            kept = {name: row.get(name) for name in names}
            self._rows.setdefault(_key(trial), {})[epoch] = kept

    def _look_at(self, result: Mapping[str, Any]) -> None:
        if what := self._limits.reached_by(result):
            self.is_target = self.is_target or not self.reached
            self._reach(what)

    def _reach(self, what: str) -> None:
        self.reached = self.reached or what


class LaunchStopper(Stopper):
    """Tells Tune which trials to stop, and when to stop all of them.

    Args:
        refuses: returns whether a trial is to be stopped because its rows cannot be recorded.
        limiter: knows the limits of the launch.
    """

    def __init__(self, refuses: Callable[[str], bool], limiter: Limiter) -> None:
        self._refuses = refuses
        self._limiter = limiter

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return whether a trial is to be stopped."""
        return self._refuses(trial_id)

    def stop_all(self) -> bool:
        """Return whether a limit ends the launch."""
        return bool(self._limiter.reached)


def _key(trial: Trial) -> str:
    return str(trial.config["plan"]["trial_key"])
