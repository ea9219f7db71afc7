"""What a launch tells its user, as an interface that a terminal implements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tune_app.engine.conclusion import Conclusion
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.storage.store import StudyStore
from tune_app.study.ledger import Ledger


class TrialDisplay(Protocol):
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

    def stop(self) -> None:
        """No more trials run."""

    @property
    def notes(self) -> list[str]:
        """What trials had to say beside their results, one line each."""


class LaunchDisplay(Protocol):
    """What a launch tells its user."""

    def say(self, *lines: str) -> None:
        """Show lines of text."""

    def plan(self, study: PreparedStudy, plan: Plan, cluster: Cluster) -> None:
        """Show what is going to be done."""

    def estimate(self, estimate: Estimate) -> None:
        """Show what it will take."""

    def links(self, dashboard: str, ledger: Ledger) -> None:
        """Show where the running study can be watched."""

    def trials(self, study: PreparedStudy, plan: Plan) -> TrialDisplay:
        """Return what is told of the trials while they run."""

    def kept(self, store: StudyStore, aside: Path) -> None:
        """Show where the study is that made room for a new one."""

    def conclusion(self, ledger: Ledger, plan: Plan, conclusion: Conclusion) -> None:
        """Show what came out."""

    def nothing_missing(self, ledger: Ledger) -> None:
        """Show that all rows were finished before."""
