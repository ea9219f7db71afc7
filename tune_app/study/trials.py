"""Joins the directories of each trial, and tells what became of each of its milestones.

A killed trial is resumed in a new launch, and a search takes a trial further that it had stopped.
So one trial may have several directories. Directories with the same ``trial_key`` belong to one
trial. If an epoch was reported more than once, the last report counts, in the order of launches and
then of lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tune_app.study.objective import finite_number
from tune_app.study.result_rule import ResultRule
from tune_app.study.stop import STOPPED, TIMED_OUT
from tune_app.study.trial_directory import TrialDirectory, launch_order
from tune_app.study.trial_record import AT_RETURN, WAITED_SHARE, Record, whole_number

FINISHED = ("finished", "unconverged")
"""Statuses of rows that have their metrics."""
ENDED = (*FINISHED, "diverged")
"""Statuses of rows that need no further trial."""
HALTED = (STOPPED, TIMED_OUT)
"""Statuses of rows that a search or a time limit ended early: they may be taken further."""
DONE = (*ENDED, STOPPED)
"""Statuses of rows that count as done: they have ended, or a search did not want them further."""

RowKey = tuple[str, int]
"""(config_id, seed)."""


class Report(NamedTuple):
    """One result and the directory it was reported in."""

    directory: TrialDirectory
    record: Record


class Outcome(NamedTuple):
    """What became of one milestone of a trial.

    Attributes:
        status: finished, unconverged, diverged, stopped, timed_out, failed, unfinished or missing.
        reason: one line; empty if finished.
        report: the result of the milestone; None unless finished or unconverged.
    """

    status: str
    reason: str
    report: Report | None


@dataclass
class Trial:
    """A trial over all of its launches.

    Attributes:
        key: the ``trial_key``, the same in every launch.
        directories: its directories, oldest launch first.
        serves: milestone (epoch) -> config_ids of the rows it serves; the first stands for it.
        history: epoch -> the last report of the epoch.
        reached: milestone (epoch) -> the last report with the test metrics of the milestone.
    """

    key: str
    directories: list[TrialDirectory]
    serves: dict[int, list[str]] = field(default_factory=dict)
    history: dict[int, Report] = field(default_factory=dict)
    reached: dict[int, Report] = field(default_factory=dict)

    @property
    def config(self) -> Record:
        """The config of the newest directory that has one."""
        return next((d.config for d in reversed(self.directories) if d.config), {})

    @property
    def newest(self) -> TrialDirectory:
        """The directory of the newest launch."""
        return self.directories[-1]

    @property
    def seed(self) -> int | None:
        """The seed of the rows that the trial serves, or None if unknown."""
        return next((d.seed for d in reversed(self.directories) if d.config), None)

    @property
    def last_milestone(self) -> int | None:
        """The epoch at which the trial ends, or None without a plan."""
        return max(self.serves, default=None)

    @property
    def primary(self) -> str | None:
        """The config_id of the row that gives the trial its name, or None without a plan.

        It is the first row of the last milestone.
        """
        last = self.last_milestone
        return None if last is None else self.serves[last][0]

    def rows(self) -> dict[RowKey, int]:
        """Return the rows that the trial serves in any launch, each with its milestone."""
        seed = self.seed
        if seed is None:
            return {}
        return {
            (config_id, seed): milestone
            for milestone, config_ids in self.serves.items()
            for config_id in config_ids
        }

    def outcome(self, milestone: int | None) -> Outcome:
        """Return what became of a milestone. For a trial without a plan the milestone is None."""
        report = self.reached.get(milestone) if milestone is not None else None
        if report is not None and report.record.get("status") != "diverged":
            if report.record.get("status") == "unconverged":
                return Outcome("unconverged", _unconverged(report, self.config), report)
            return Outcome("finished", "", report)
        diverged_at = self._diverged_at()
        if diverged_at is not None and diverged_at <= (milestone or diverged_at):
            return Outcome("diverged", f"training diverged at epoch {diverged_at}", None)
        if self.newest.error:
            return Outcome("failed", self.newest.error, None)
        if self.newest.stop is not None:
            return Outcome(self.newest.stop.status, self.newest.stop.reason(milestone), None)
        return self._without_end(milestone)

    def conditions(self, milestone: int) -> Record:
        """Return the conditions under which the times up to a milestone were measured.

        Returns:
            ``num_concurrent_trials``: the largest number of any epoch. ``num_threads``: the number
            of all epochs. A value is NaN if some epochs lack it, or if their numbers of threads
            differ. ``waited_share``: the mean over the epochs that have it. A key is absent if all
            epochs lack it.
        """
        records = [report.record for e, report in self.history.items() if e <= milestone]
        found: Record = {}
        for key in ("num_concurrent_trials", "num_threads"):
            counts = [whole_number(record.get(key)) for record in records if key in record]
            known = [count for count in counts if count is not None]
            if counts:
                whole = len(known) == len(records)
                found[key] = max(known) if whole else math.nan
                if key == "num_threads" and len(set(known)) > 1:
                    found[key] = math.nan
        shares = [finite_number(record.get(WAITED_SHARE)) for record in records]
        if known_shares := [share for share in shares if share is not None]:
            found[WAITED_SHARE] = sum(known_shares) / len(known_shares)
        return found

    def _diverged_at(self) -> int | None:
        return min(
            (e for e, report in self.history.items() if report.record.get("status") == "diverged"),
            default=None,
        )

    def _without_end(self, milestone: int | None) -> Outcome:
        if not self.history:
            return Outcome("missing", "started, but no epoch was reported", None)
        last = max(self.history)
        epochs = "1 epoch" if last == 1 else f"{last} epochs"
        if milestone == AT_RETURN and self.newest.returned:
            return Outcome("failed", "it never reported the metric of the search space", None)
        if milestone == AT_RETURN:
            return Outcome("unfinished", f"{epochs}, not at its end", None)
        if milestone is None:
            status = "finished" if self.newest.done else "unfinished"
            return Outcome(status, "" if self.newest.done else epochs, self.history[last])
        lost = f"the result of epoch {milestone} is not there"
        reason = f"{last} of {milestone} epochs" if last < milestone else lost
        return Outcome("unfinished", reason, None)


def join_directories(
    directories: Iterable[TrialDirectory], rule: ResultRule | None = None
) -> list[Trial]:
    """Join directories, oldest launch first, into trials; in the order of first appearance.

    A trial that ends when its function returns has the milestone ``AT_RETURN``. Once it has
    returned, the epoch of its result takes that place.

    Args:
        directories: the directories.
        rule: finds the result of such a trial; needed only if there are some.
    """
    grouped: dict[str, list[TrialDirectory]] = {}
    for directory in directories:
        grouped.setdefault(directory.trial_key, []).append(directory)
    for group in grouped.values():
        if len(group) > 1:  # within a launch their names are not in the order of time
            group.sort(key=lambda d: (launch_order(d.launch), d.after_epoch))
    trials = [Trial(key, group) for key, group in grouped.items()]
    for trial in trials:
        for directory in trial.directories:
            _add_directory(trial, directory)
        if rule is not None and any(directory.returned for directory in trial.directories):
            _settle(trial, rule)
        if rule is not None:
            _mark_first_diverged(trial, rule)
    return trials


def _settle(trial: Trial, rule: ResultRule) -> None:
    """Replace ``AT_RETURN`` by the epoch of the result. The result is diverged if it is NaN.

    Rows after the last one of the attempt that returned are of an attempt that was killed or
    failed, and of which nothing was left to go on from.
    """
    newest = next(d for d in reversed(trial.directories) if d.returned)
    reported = (whole_number(record.get("epoch")) or 0 for record in newest.records)
    last = newest.last_epoch or max(reported, default=0)
    trial.history = {e: r for e, r in trial.history.items() if not last or e <= last}
    rows = {epoch: report.record for epoch, report in trial.history.items()}
    epoch = rule.epoch_of_result(rows)
    if epoch is None or AT_RETURN not in trial.serves:
        return
    record = {**rows[epoch], "milestone": epoch}
    if rule.objective.score(record) is None:
        record["status"] = "diverged"
    trial.serves[epoch] = trial.serves.pop(AT_RETURN)
    trial.reached[epoch] = Report(trial.history[epoch].directory, record)
    trial.history[epoch] = trial.reached[epoch]


def _mark_first_diverged(trial: Trial, rule: ResultRule) -> None:
    """Mark the first of the rows without a finite objective that lead up to a diverged one."""
    since: int | None = None
    for epoch, report in sorted(trial.history.items()):
        if rule.is_reported(report.record) and rule.objective.score(report.record) is None:
            since = epoch if since is None else since
            if report.record.get("status") == "diverged":
                first = trial.history[since]
                trial.history[since] = first._replace(record=first.record | {"status": "diverged"})
                return
        elif rule.is_reported(report.record):
            since = None


def _add_directory(trial: Trial, directory: TrialDirectory) -> None:
    planned = directory.serves()
    for milestone, config_ids in planned.items():
        known = trial.serves.get(milestone, [])
        trial.serves[milestone] = list(dict.fromkeys([*config_ids, *known]))
    for record in directory.records:
        # A trial without a plan is of another program, which may count epochs as Tune does.
        counted = None if planned else record.get("training_iteration")
        epoch = whole_number(record.get("epoch", counted))
        if epoch is None:
            continue
        trial.history.pop(epoch, None)
        trial.history[epoch] = Report(directory, record)
        if whole_number(record.get("milestone")) == epoch:
            trial.reached[epoch] = Report(directory, record)


def _unconverged(report: Report, config: Record) -> str:
    limit = whole_number(config.get("max_iter"))  # -1 sets no limit
    stopped = whole_number(report.record.get("num_iterations")) if limit is None else limit
    after = "" if stopped is None else f" after {stopped} iterations"
    return f"the solver stopped{after} before it converged"
