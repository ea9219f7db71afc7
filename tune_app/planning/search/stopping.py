"""Rules that end trials early.

A rule decides at *rungs*: epochs at which a trial has a checkpoint and a value. A trial that does
not go on is stopped. It is not lost: a rule may promote it later, and it then goes on from its
checkpoint.
"""

from __future__ import annotations

import bisect
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.study.search_settings import NO_STOPPING, SearchSettings

Values = Mapping[int, float | None]
"""Epoch -> the objective there; None if it is no finite number."""
_LEAST_OTHERS = 3
"""The median of fewer trials says little."""


@dataclass
class Stopping:
    """Lets every trial go on.

    Trials are known by their number in the search.

    Attributes:
        mode: ``"max"`` or ``"min"``.
        reduction: one in so many trials goes on at a rung.
        rungs: epoch -> trial -> its value there; None if it is worse than all others.
        ranked: epoch -> the ranks of the trials with a value there, the best first.
        promoted: epoch -> the trials that went on from that rung.
    """

    mode: str
    reduction: int
    rungs: dict[int, dict[int, float | None]] = field(default_factory=dict)
    ranked: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    promoted: dict[int, set[int]] = field(default_factory=dict)

    def report(self, trial: int, epoch: int, values: Values, *, can_resume: bool = True) -> bool:
        """Note the value of a trial at a rung, and return whether the trial goes on.

        Args:
            trial: the trial.
            epoch: the rung.
            values: the trial's values so far.
            can_resume: whether it can go on later if it does not go on now.
        """
        self.note(trial, epoch, values)
        if not self.goes_on(trial, epoch, can_resume=can_resume):
            return False
        self.promote(trial, epoch)
        return True

    def note(self, trial: int, epoch: int, values: Values) -> None:
        """Note the last of a trial's values up to a rung, which is the value there."""
        rung, ranked = self.rungs.setdefault(epoch, {}), self.ranked.setdefault(epoch, [])
        before, value = rung.get(trial), values[max(values)] if values else None
        if before is not None:
            ranked.remove(self._rank(before, trial))
        if value is not None:
            bisect.insort(ranked, self._rank(value, trial))
        rung[trial] = value

    def note_divergence(self, trial: int, rungs: Sequence[int]) -> None:
        """Count a trial as the worst of the first rung from which it did not go on."""
        for rung in rungs:
            if trial not in self.promoted.get(rung, ()):
                self.note(trial, rung, {})
                return

    def promote(self, trial: int, epoch: int) -> None:
        """Note that a trial goes on from a rung."""
        self.promoted.setdefault(epoch, set()).add(trial)

    def goes_on(self, trial: int, epoch: int, *, can_resume: bool) -> bool:
        """Return whether a trial goes on from a rung that it has reached."""
        return True

    def promotable(self, paused: Mapping[int, int]) -> int | None:
        """Return a trial that is to go on now, or None.

        Args:
            paused: trial -> the rung at which it waits.
        """
        return None

    def last_resort(self, paused: Mapping[int, int]) -> int | None:
        """Return the trial that goes on if otherwise no trial would ever reach its end."""
        return None

    def _rank(self, value: float, trial: int) -> tuple[float, int]:
        """Return the sort key of a value: the best has the smallest; of equal ones, the first."""
        return (value if self.mode == "min" else -value, trial)


class Asha(Stopping):
    """Asynchronous successive halving with promotions (Li et al. 2020, arXiv:1810.05934).

    Of the trials that have reached a rung, the best 1/``reduction`` go on, as soon as they belong
    to them. A trial that belongs to them when it reports goes on without a pause.
    """

    def goes_on(self, trial: int, epoch: int, *, can_resume: bool) -> bool:
        """Return whether a trial is among the best of the rung.

        A trial that cannot be resumed gets no second chance, so there the best one always goes on.
        """
        best = self._best(epoch, at_least=0 if can_resume else 1)
        return trial in self.promoted.get(epoch, ()) or trial in (other for _, other in best)

    def promotable(self, paused: Mapping[int, int]) -> int | None:
        """Return the best trial that waits at the highest rung from which one may go on."""
        for epoch in sorted(self.rungs, reverse=True):
            for _, trial in self._best(epoch, at_least=0):
                if paused.get(trial) == epoch:
                    return trial
        return None

    def last_resort(self, paused: Mapping[int, int]) -> int | None:
        """Return the best trial that waits at the highest rung."""
        epoch = max(paused.values(), default=0)
        return next((t for _, t in self.ranked.get(epoch, ()) if paused.get(t) == epoch), None)

    def _best(self, epoch: int, *, at_least: int) -> list[tuple[float, int]]:
        """Return the ranks of the best 1/``reduction`` of all that have reached a rung."""
        number = len(self.rungs.get(epoch, ())) // self.reduction
        return self.ranked.get(epoch, [])[: max(at_least, number)]


@dataclass
class MedianRule(Stopping):
    """Stops a trial that is worse than the median of the others (Golovin et al. 2017, section 3.2).

    Its best value up to the rung is compared with the median of the running averages of the others
    there. What it stops does not go on later.

    Attributes:
        averages: rung -> trial -> the mean of its values up to there.
        bests: (trial, rung) -> its best value up to there.
    """

    averages: dict[int, dict[int, float]] = field(default_factory=dict)
    bests: dict[tuple[int, int], float] = field(default_factory=dict)

    def note(self, trial: int, epoch: int, values: Values) -> None:
        """Note the average and the best of a trial's values up to a rung."""
        super().note(trial, epoch, values)
        known = [value for value in values.values() if value is not None]
        if known:
            self.averages.setdefault(epoch, {})[trial] = statistics.fmean(known)
            self.bests[trial, epoch] = min(known) if self.mode == "min" else max(known)

    def goes_on(self, trial: int, epoch: int, *, can_resume: bool) -> bool:
        """Return whether a trial is at least as good as the median of the others."""
        if trial in self.promoted.get(epoch, ()):
            return True
        others = [v for other, v in self.averages.get(epoch, {}).items() if other != trial]
        if len(others) < _LEAST_OTHERS:
            return True
        best = self.bests.get((trial, epoch))
        median = statistics.median(others)
        return best is not None and (best <= median if self.mode == "min" else best >= median)


RULES: dict[str, type[Stopping]] = {NO_STOPPING: Stopping, "asha": Asha, "median": MedianRule}
"""The rules by their names."""


def make_stopping(settings: SearchSettings, mode: str) -> Stopping:
    """Return a new rule.

    Args:
        settings: the settings of the search.
        mode: ``"max"`` or ``"min"``.

    Raises:
        UserError: there is no such rule, or its factor is not allowed.
    """
    name = settings.stopping
    if name not in RULES:
        raise UserError(
            f"--stopping {name}: no such rule{did_you_mean(name, RULES)}; allowed: {choices(RULES)}"
        )
    if settings.reduction < 2:
        raise UserError(f"--reduction {settings.reduction}: allowed: whole numbers from 2")
    return RULES[name](mode, settings.reduction)
