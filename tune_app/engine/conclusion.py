"""The conclusion of a launch: finished rows, failures, and the exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tune_app.planning.plan import Plan
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.recorded import Recorded
from tune_app.study.trials import RowKey

EXIT_FAILED, EXIT_OPEN = 1, 3


@dataclass(frozen=True)
class Executed:
    """What the execution of trials returns besides what the trials recorded.

    Attributes:
        incomplete: name of a trial that returned before its last milestone -> the reason.
        all_ended: whether every planned trial has ended, with or without an error.
        notes: lines to show to the user.
    """

    incomplete: Mapping[str, str] = field(default_factory=dict)
    all_ended: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conclusion:
    """The result of a launch.

    Attributes:
        ended: rows that need no trial any more, with their status.
        failures: name of a trial's directory -> why the trial failed.
        interrupted: whether some trials had not ended when the launch did.
        unexplained: rows without a result whose trials have ended without an error.
        num_open: number of rows that could not run on this cluster.
        missing_metric: that no result has the metric of the search space; empty if one has.
    """

    ended: Mapping[RowKey, str]
    failures: Mapping[str, str]
    interrupted: bool
    unexplained: Sequence[RowKey]
    num_open: int
    missing_metric: str = ""

    @property
    def exit_status(self) -> int:
        """0: all rows are finished; 1: trials failed; 3: rows stay open. Not for interruptions."""
        if self.failures or self.unexplained:
            return EXIT_FAILED
        return EXIT_OPEN if self.num_open else 0


def conclude(ledger: Ledger, plan: Plan, recorded: Recorded, done: Executed) -> Conclusion:
    """Return the conclusion of a launch.

    Args:
        ledger: the study.
        plan: the plan of the launch.
        recorded: what all launches recorded, this one included.
        done: what the execution returned.
    """
    ended = recorded.ended(ledger.study)
    planned = {trial.key for trial in plan.trials}
    failed = recorded.failures(ended.keys())
    failures = {t.newest.name: t.newest.error for key, t in failed.items() if key in planned}
    rows_of = {trial.name: trial.row_keys() for trial in plan.trials}
    failures |= {
        name: reason
        for name, reason in done.incomplete.items()
        if not ended.keys() >= set(rows_of.get(name, ()))
    }
    explained = {row.key for row in plan.open_rows}
    explained |= {key for t in plan.trials if t.name in failures for key in t.row_keys()}
    left = [key for key in ledger.row_keys() if key not in ended and key not in explained]
    return Conclusion(
        ended=ended,
        failures=failures,
        interrupted=bool(left) and not done.all_ended,
        unexplained=left if done.all_ended else (),
        num_open=len(plan.open_rows),
        missing_metric=Measures.of_study(ledger.study).missing_from(
            [o.report.record for o in recorded.outcomes(ledger.study).values() if o.report]
        ),
    )
