"""One proposal of a search, and what is known of its trial."""

from __future__ import annotations

from dataclasses import dataclass, field

from search_spaces.configuration import Configuration
from tune_app.planning.search.sampler import Told


@dataclass
class SearchTrial:
    """A proposal and what is known of its trial.

    Attributes:
        number: the number of the proposal.
        configuration: the configuration.
        rungs: all epochs at which the rule decides.
        state: ``running`` until the engine has ended the trial, or a state that a sampler is told.
        values: epoch -> the value of the objective.
        told: the state, value and values that the sampler was told last.
        to_the_end: whether the trial goes on at every rung.
        can_resume: whether it can go on after it was stopped, from a checkpoint.
    """

    number: int
    configuration: Configuration
    rungs: tuple[int, ...]
    state: str = "running"
    values: dict[int, float | None] = field(default_factory=dict)
    told: Told | None = None
    to_the_end: bool = False
    can_resume: bool = True

    @property
    def last_epoch(self) -> int:
        """The last epoch with a value, 0 without one."""
        return max(self.values, default=0)

    def rung_at(self, epoch: int) -> int | None:
        """Return the last rung up to an epoch, or None before the first."""
        return max((rung for rung in self.rungs if rung <= epoch), default=None)

    def decides(self, epoch: int) -> int | None:
        """Return the rung at which a report of an epoch decides, or None if it is at none.

        A function may report the objective now and then only. The first report at a rung or after
        it stands for the rung.
        """
        rung = self.rung_at(epoch)
        before = max((earlier for earlier in self.values if earlier < epoch), default=0)
        return rung if rung is not None and rung > before else None

    def is_news(self, told: Told) -> bool:
        """Return whether a result differs from what the sampler was told last."""
        before = self.told
        if before is None:
            return True
        ends = {max(known.values, default=0) for known in (told, before)}
        return _result(told) != _result(before) or len(ends) > 1


def _result(told: Told) -> tuple[object, ...]:
    return told.state, told.value, told.objectives
