"""The interface of what shows a launch to its user. The terminal display implements it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tune_app.engine.conclusion import Conclusion
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.storage.store import StudyStore
from tune_app.study.ledger import Ledger


class TrialDisplay(Protocol):
    """Shows the trials of a launch; each is given by its key and its name. Ray pickles it."""

    def begin(self) -> None:
        """Begin, before the first trial starts."""

    def added(self, trial: PlannedTrial) -> None:
        """Note a trial that a search is about to start, or to take further."""

    def nothing_can_run(self, reason: str) -> None:
        """Show that no node could hold any of the waiting trials, and why."""

    def started(self, key: str, name: str) -> None:
        """Show that an attempt of a trial has started."""

    def reported(self, key: str, name: str, result: Mapping[str, Any]) -> None:
        """Show an epoch that a trial has reported."""

    def completed(self, key: str, name: str) -> None:
        """Show that a trial has ended without an error."""

    def halted(self, key: str, name: str, reason: str) -> None:
        """Show that a search or a time limit has ended a trial early, and why."""

    def tried_again(self, key: str, name: str, reason: str) -> None:
        """Show that an attempt of a trial has failed and that another one follows."""

    def failed(self, key: str, name: str, reason: str) -> None:
        """Show that a trial has failed in its last attempt."""

    def stop(self) -> None:
        """End, after the last trial."""

    @property
    def notes(self) -> list[str]:
        """The notes that trials reported besides their results, one line each."""


@dataclass(frozen=True)
class Ending:
    """How a launch ended.

    Attributes:
        status: its exit status.
        seconds: how long it took.
        again: the command that continues the study.
        reason: what ended it before its work was done; empty if nothing did.
    """

    status: int
    seconds: float
    again: str
    reason: str = ""


class LaunchDisplay(Protocol):
    """Shows a launch to its user."""

    def say(self, *lines: str) -> None:
        """Show lines of text."""

    def notes(self, *lines: str) -> None:
        """Show what the user has to know of the study, one line each."""

    def plan(self, study: PreparedStudy, plan: Plan, cluster: Cluster) -> None:
        """Show the plan."""

    def estimate(self, estimate: Estimate) -> None:
        """Show how much time, memory and disk the plan will take."""

    def links(self, dashboard: str, ledger: Ledger) -> None:
        """Show where the running study can be watched."""

    def trials(self, study: PreparedStudy, plan: Plan) -> TrialDisplay:
        """Return the display of the trials while they run."""

    def kept(self, store: StudyStore, aside: Path) -> None:
        """Show where ``--fresh`` has kept the old study."""

    def conclusion(
        self, study: PreparedStudy, plan: Plan, conclusion: Conclusion, again: str
    ) -> None:
        """Show the conclusion, and the command that goes on with the study."""

    def nothing_missing(self, study: PreparedStudy, plan: Plan) -> None:
        """Show that no row is left to run."""

    def ended(self, store: StudyStore, ending: Ending) -> None:
        """Tell those who wait elsewhere that the launch has ended. It must not raise an error."""
