"""Prints a launch to a console: its plan, its progress and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tune_app.cli import messages, outcome_text
from tune_app.cli.notice import notice_of
from tune_app.cli.notify import Address, deliver
from tune_app.cli.places import counted, limit_lines, short_path
from tune_app.cli.plan_record import plan_record
from tune_app.cli.progress_display import StudyProgress
from tune_app.cli.run_console import print_line
from tune_app.engine.conclusion import Conclusion
from tune_app.engine.display import Ending
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.storage.store import StudyStore
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.result_rule import ResultRule
from tune_app.study.selection import results_of
from tune_app.study.stop import TIMED_OUT


class RunDisplay:
    """Prints what a launch tells its user.

    Args:
        console: where to print.
        notify: where to send a notification when the launch has ended.
    """

    def __init__(self, console: Console, notify: Sequence[Address] = ()) -> None:
        self._console = console
        self._notify = notify

    def say(self, *lines: str) -> None:
        """Print lines; of very many lines only the first ones."""
        for line in limit_lines(list(lines)):
            # A file name that is not UTF-8 holds characters that no terminal accepts.
            print_line(self._console, line.encode(errors="backslashreplace").decode())

    def notes(self, *lines: str) -> None:
        """Print what the user has to know of the study."""
        self.say(*lines)

    def plan(self, study: PreparedStudy, plan: Plan, cluster: Cluster) -> None:
        """Print what the launch is about to do."""
        self.say(*messages.plan_lines(study, plan, cluster))

    def estimate(self, estimate: Estimate) -> None:
        """Print the time, disk and memory that the plan is estimated to take."""
        self.say(*messages.estimate_lines(estimate))

    def links(self, dashboard: str, ledger: Ledger) -> None:
        """Print where the running study can be watched."""
        self.say(*messages.link_lines(dashboard, ledger))

    def trials(self, study: PreparedStudy, plan: Plan) -> StudyProgress:
        """Return the display of the trials while they run."""
        measures = Measures.of_space(study.request.space)
        rule = ResultRule.of_study(study.ledger.study)
        num_more = 0
        if study.search is not None:
            num_more = max(0, study.search.num_trials - len(study.asked()))
        cost_of = study.trainable.cost
        return StudyProgress(plan, cost_of, measures, self._console, rule, num_more=num_more)

    def kept(self, store: StudyStore, aside: Path) -> None:
        """Print where the old study is kept after ``--fresh``."""
        self.say(f"the old study is kept in {short_path(store, aside)}")

    def conclusion(
        self, study: PreparedStudy, plan: Plan, conclusion: Conclusion, again: str
    ) -> None:
        """Print the outcome of the launch."""
        lines = outcome_text.outcome_lines(study.ledger, plan, conclusion, study.request, again)
        self.say("", *lines)

    def nothing_missing(self, study: PreparedStudy, plan: Plan) -> None:
        """Print that no row is left to run, what is best, and what comes next."""
        ledger, request = study.ledger, study.request
        if plan.left_out:
            self.say(
                f"nothing is left to run: {len(plan.finished)} of {plan.num_rows} rows are "
                f"finished, {len(plan.left_out)} are not to be run"
            )
        else:
            self.say(f"nothing is missing: all {plan.num_rows} rows are finished")
        if number := len(study.timed_out()):
            self.say(f"{counted(number, 'row')} {outcome_text.HALTED[TIMED_OUT]}")
        results = results_of(study.recorded.outcomes(ledger.study))
        self.say(*outcome_text.winner_lines(ledger, results))
        self.say(*outcome_text.left_lines(plan, request), *outcome_text.next_lines(ledger))

    def ended(self, store: StudyStore, ending: Ending) -> None:
        """Send the notifications; print a line for each that could not be sent."""
        if self._notify:
            self.say(*(f"note: {line}" for line in deliver(self._notify, notice_of(store, ending))))


class PlanAsJson(RunDisplay):
    """Takes the plan of a launch for programs. What is said meanwhile goes to standard error."""

    def __init__(self) -> None:
        super().__init__(Console(stderr=True))
        self._planned: tuple[PreparedStudy, Plan, Cluster] | None = None
        self._notes: list[str] = []
        self._estimate: Estimate | None = None

    def notes(self, *lines: str) -> None:
        """Take notes of the study."""
        self._notes += lines

    def plan(self, study: PreparedStudy, plan: Plan, cluster: Cluster) -> None:
        """Take the plan."""
        self._planned = study, plan, cluster

    def estimate(self, estimate: Estimate) -> None:
        """Take the estimate."""
        self._estimate = estimate

    def record(self) -> dict[str, Any]:
        """Return what was taken, for JSON."""
        assert self._planned is not None, "the plan has not been shown"
        return plan_record(*self._planned, notes=self._notes, estimate=self._estimate)
