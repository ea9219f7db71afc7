"""The conclusion of a launch: finished rows, failures, and the exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tune_app.planning.plan import OpenRow, Plan, PlannedTrial
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.recorded import Recorded
from tune_app.study.selection import Results, results_of
from tune_app.study.stop import TIMED_OUT
from tune_app.study.trials import ENDED, HALTED, RowKey

EXIT_FAILED, EXIT_OPEN = 1, 3


@dataclass(frozen=True)
class Executed:
    """What the execution of trials returns besides what the trials recorded.

    Attributes:
        incomplete: name of a trial that returned before its last milestone -> the reason.
        all_ended: whether every trial has ended, with or without an error, and no more follow.
        notes: lines to show to the user.
        trials: the trials that a search started beside those of the plan.
        open_rows: rows that a search asked for and that cannot run here.
        limit: the limit that ended the launch, in words; empty if none did.
        is_target: whether that limit is the target, so that the launch has done what it should.
    """

    incomplete: Mapping[str, str] = field(default_factory=dict)
    all_ended: bool = True
    notes: tuple[str, ...] = ()
    trials: tuple[PlannedTrial, ...] = ()
    open_rows: tuple[OpenRow, ...] = ()
    limit: str = ""
    is_target: bool = False


@dataclass(frozen=True)
class Conclusion:
    """The result of a launch.

    Attributes:
        ended: rows that need no trial any more, with their status.
        failures: name of a trial's directory -> why the trial failed.
        interrupted: whether some trials had not ended when the launch did.
        unexplained: rows without a result whose trials have ended without an error.
        num_open: number of rows that could not run on this cluster.
        missing_metric: that no result has the metric of the search space, or a declared measure;
            empty if that is no mistake.
        halted: rows that a search or a time limit ended early, with their status.
        limit: the limit that ended the launch, in words; empty if none did.
        is_target: whether that limit is the target of the launch.
        failed_rows: name of a failed trial's directory -> the first of its rows without a result.
        results: the states and the results of all rows.
    """

    ended: Mapping[RowKey, str]
    failures: Mapping[str, str]
    interrupted: bool
    unexplained: Sequence[RowKey]
    num_open: int
    missing_metric: str = ""
    halted: Mapping[RowKey, str] = field(default_factory=dict)
    limit: str = ""
    is_target: bool = False
    failed_rows: Mapping[str, RowKey] = field(default_factory=dict)
    results: Results = field(default_factory=Results)

    @property
    def exit_status(self) -> int:
        """0: nothing is left to run; 1: trials failed; 3: rows stay open. Not for interruptions.

        Rows that a search stopped are not left to run. Those that a limit ended are.
        """
        if self.failures or self.unexplained:
            return EXIT_FAILED
        is_cut = bool(self.limit) and not self.is_target
        return EXIT_OPEN if self.num_open or is_cut or TIMED_OUT in self.halted.values() else 0


def conclude(ledger: Ledger, plan: Plan, recorded: Recorded, done: Executed) -> Conclusion:
    """Return the conclusion of a launch.

    Args:
        ledger: the study.
        plan: the plan of the launch.
        recorded: what all launches recorded, this one included.
        done: what the execution returned.
    """
    outcomes = recorded.outcomes(ledger.study)
    ended = {key: o.status for key, o in outcomes.items() if o.status in ENDED}
    halted = {key: o.status for key, o in outcomes.items() if o.status in HALTED}
    trials, open_rows = (*plan.trials, *done.trials), (*plan.open_rows, *done.open_rows)
    planned = {trial.key for trial in trials}
    failed = recorded.failures(ended.keys())
    failures = {t.newest.name: t.newest.error for key, t in failed.items() if key in planned}
    rows_of = {trial.name: trial.row_keys() for trial in trials}
    failures |= {
        name: reason
        for name, reason in done.incomplete.items()
        if not ended.keys() >= set(rows_of.get(name, ()))
    }
    without = {
        name: [key for key in rows_of.get(name, ()) if key not in ended] for name in failures
    }
    explained = {row.key for row in open_rows} | plan.left_out
    explained |= {key for t in trials if t.name in failures for key in t.row_keys()}
    if done.all_ended:
        explained |= halted.keys()
    left = [key for key in ledger.row_keys() if key not in ended and key not in explained]
    reports = [outcome.report.record for outcome in outcomes.values() if outcome.report]
    return Conclusion(
        ended=ended,
        failures=failures,
        interrupted=(bool(left) or plan.is_searching) and not done.all_ended,
        unexplained=left if done.all_ended else (),
        num_open=len(open_rows),
        missing_metric=Measures.of_study(ledger.study).missing_from(reports),
        halted=halted,
        limit=done.limit,
        is_target=done.is_target,
        failed_rows={name: rows[0] for name, rows in without.items() if rows},
        results=results_of(outcomes),
    )
