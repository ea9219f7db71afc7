"""What came out of a launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tune_app.planning.plan import Plan
from tune_app.study.ledger import Ledger
from tune_app.study.recorded import Recorded
from tune_app.study.trials import RowKey

EXIT_FAILED, EXIT_OPEN = 1, 3


@dataclass(frozen=True)
class Executed:
    """What running the trials left behind beside what they recorded.

    Attributes:
        incomplete: trials that ended by themselves before their work was done, and why.
        all_ended: whether every planned trial came to its end.
        notes: what is to be told, one line each.
    """

    incomplete: Mapping[str, str] = field(default_factory=dict)
    all_ended: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conclusion:
    """What came out of a launch.

    Attributes:
        ended: rows that need no trial any more, with their status.
        failures: directory of a trial -> why it has not done its work.
        interrupted: whether trials were left that had not come to their end.
        unexplained: rows without a result although their trials ended and nothing says why.
        num_open: rows that could not run here.
    """

    ended: Mapping[RowKey, str]
    failures: Mapping[str, str]
    interrupted: bool
    unexplained: Sequence[RowKey]
    num_open: int

    @property
    def exit_status(self) -> int:
        """0 all rows finished, 1 trials failed, 3 rows stay open; of an interrupted one, no say."""
        if self.failures or self.unexplained:
            return EXIT_FAILED
        return EXIT_OPEN if self.num_open else 0


def conclude(ledger: Ledger, plan: Plan, recorded: Recorded, done: Executed) -> Conclusion:
    """Return what came out of a launch.

    Args:
        ledger: the study.
        plan: what was planned.
        recorded: what its launches recorded, this one's too.
        done: what running the trials left behind.
    """
    ended = recorded.ended(ledger.study)
    planned = {trial.key for trial in plan.trials}
    failed = recorded.failures(ledger.study)
    failures = {t.newest.name: t.newest.error for key, t in failed.items() if key in planned}
    failures |= done.incomplete
    explained = {row.key for row in plan.open_rows}
    explained |= {key for t in plan.trials if t.name in failures for key in t.row_keys()}
    left = [key for key in ledger.row_keys() if key not in ended and key not in explained]
    return Conclusion(
        ended=ended,
        failures=failures,
        interrupted=bool(left) and not done.all_ended,
        unexplained=left if done.all_ended else (),
        num_open=len(plan.open_rows),
    )
