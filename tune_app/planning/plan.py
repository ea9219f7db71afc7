"""The plan of a launch: which trials it runs, and which rows it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from search_spaces.configuration import Config
from tune_app.study.trial_record import AT_RETURN
from tune_app.study.trials import RowKey


@dataclass(frozen=True)
class PlannedTrial:
    """One trial to launch.

    Attributes:
        key: identity of the trial, the same in every launch.
        name: readable name of the trial and of its directory.
        config: all hyperparameters, with ``seed`` and the resolved ``device``.
        milestones: the epochs at which its rows end, ascending.
        serves: milestone -> config_ids of the rows that end there; the first stands for the trial.
        resources: what the trial requests from Ray (``CPU``, ``GPU``, custom).
        rungs: the epochs, ascending, at which a search decides whether the trial goes on. A
            checkpoint is saved there.
        after_epoch: the epoch after which a search had stopped the trial; 0 if it had not.
        workers: the processes that train the model; its resources are divided among them.
    """

    key: str
    name: str
    config: Config
    milestones: tuple[int, ...]
    serves: Mapping[int, tuple[str, ...]]
    resources: Mapping[str, float]
    rungs: tuple[int, ...] = ()
    after_epoch: int = 0
    workers: int = 1

    @property
    def num_epochs(self) -> int | None:
        """The epochs of the trial; None if it ends when a user's function returns."""
        return None if self.milestones[-1] == AT_RETURN else self.milestones[-1]

    def row_keys(self) -> list[RowKey]:
        """Return the rows that the trial serves."""
        seed = int(self.config["seed"])
        return [(config_id, seed) for ids in self.serves.values() for config_id in ids]

    def num_rows(self) -> int:
        """Return how many rows the trial serves."""
        return sum(len(ids) for ids in self.serves.values())

    def taken_further(self, epoch: int) -> PlannedTrial:
        """Return the trial as it goes on after a rung, with a name and a directory of its own."""
        name = self.name if not self.after_epoch else self.name.rpartition("-e")[0]
        return replace(self, name=f"{name}-e{epoch}", after_epoch=epoch)


@dataclass(frozen=True)
class OpenRow:
    """A row that cannot run on this cluster or with these data, and why."""

    key: RowKey
    reason: str


@dataclass(frozen=True)
class SharingCheck:
    """A trial that repeats a row which shares a trial. It serves no row of the study.

    Attributes:
        row: the row.
        trial: the trial, whose only milestone is the row's.
    """

    row: RowKey
    trial: PlannedTrial


@dataclass(frozen=True)
class Plan:
    """The trials of a launch, and the rows that it does not run.

    Attributes:
        trials: the trials to launch, in the order in which they start.
        finished: rows that need no trial any more, with their status.
        open_rows: rows that cannot run here.
        num_rows: the number of rows of the study.
        num_epochs_unshared: the epochs that the rows to run would need without sharing.
        exclusive: whether the study measures time, so that the trials have to start in this order.
        lacking: each set of resources that open rows request and no node has.
        check: the check of sharing that the user asks for, or None.
        left_out: rows that have not finished and are not to be run by this launch.
        is_searching: whether a search is to start more trials.
    """

    trials: tuple[PlannedTrial, ...]
    finished: Mapping[RowKey, str]
    open_rows: tuple[OpenRow, ...]
    num_rows: int
    num_epochs_unshared: int
    exclusive: bool = False
    lacking: tuple[Mapping[str, float], ...] = ()
    check: SharingCheck | None = None
    left_out: frozenset[RowKey] = frozenset()
    is_searching: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to run, nothing to be checked and no row that stays open."""
        settled = len(self.finished) + len(self.left_out)
        return settled == self.num_rows and self.check is None and not self.is_searching

    def with_check(self) -> Plan:
        """Return the plan with the trial of the check as the last of its trials."""
        return (
            self if self.check is None else replace(self, trials=(*self.trials, self.check.trial))
        )

    def num_epochs(self) -> int:
        """Return the number of epochs of all planned trials whose number is known."""
        return sum(trial.num_epochs or 0 for trial in self.trials)
