"""What a search was asked for, as the entry ``search`` of ``study.json`` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tune_app.study.trial_record import LARGEST_EPOCH, is_seed

SEARCH = "search"
"""The entry of ``study.json``. A study of a grid has none."""
NO_STOPPING = "none"
MOST_TRIALS = 100_000


@dataclass(frozen=True)
class SearchSettings:
    """What a search was asked for.

    Attributes:
        sampler: the name of the sampler, or ``MODULE:NAME``.
        num_trials: how many configurations are proposed.
        seed: the seed of the search. It decides what is proposed, not how a trial is trained.
        stopping: the rule that ends trials early; ``"none"`` for no such rule.
        rungs: the epochs at which the rule decides, ascending; empty for the powers of
            ``reduction``, beginning with 1.
        reduction: one in so many trials goes on at a rung.
    """

    sampler: str
    num_trials: int
    seed: int = 0
    stopping: str = NO_STOPPING
    rungs: tuple[int, ...] = ()
    reduction: int = 3

    def rungs_before(self, last_epoch: int | None) -> tuple[int, ...]:
        """Return the rungs of a trial, ascending.

        Args:
            last_epoch: the last epoch of the trial, at which nothing is left to decide; None if it
                is unknown.
        """
        if self.stopping == NO_STOPPING:
            return ()
        last = LARGEST_EPOCH if last_epoch is None else last_epoch
        rungs = self.rungs or _powers(self.reduction, last)
        return tuple(rung for rung in rungs if rung < last)

    def in_words(self) -> str:
        """Return the settings as text: ``tpe, 30 configurations, seed 0``."""
        number = f"{self.num_trials:,} configuration{'s' * (self.num_trials != 1)}"
        text = f"{self.sampler}, {number}, seed {self.seed}"
        if self.stopping == NO_STOPPING:
            return text
        rungs = ", ".join(map(str, self.rungs)) or f"1 and the powers of {self.reduction}"
        return f"{text}; {self.stopping} decides at epochs {rungs}"

    def as_json(self) -> dict[str, Any]:
        """Return the entry of ``study.json``."""
        return {**asdict(self), "rungs": list(self.rungs)}

    @staticmethod
    def from_json(entry: object) -> SearchSettings:
        """Return what :meth:`as_json` wrote.

        Raises:
            ValueError: the entry is damaged. The message says which part.
        """
        if not isinstance(entry, Mapping):
            raise ValueError("search is damaged")
        rungs = entry.get("rungs")
        sound = {
            "sampler": isinstance(entry.get("sampler"), str),
            "num_trials": _is_count(entry.get("num_trials"), MOST_TRIALS),
            "seed": is_seed(entry.get("seed")),
            "stopping": isinstance(entry.get("stopping"), str),
            "rungs": isinstance(rungs, list) and all(_is_count(r, LARGEST_EPOCH) for r in rungs),
            "reduction": _is_count(entry.get("reduction"), LARGEST_EPOCH),
        }
        damaged = next((name for name, is_sound in sound.items() if not is_sound), None)
        if damaged:
            raise ValueError(f"search: {damaged} is damaged")
        assert isinstance(rungs, list)
        values = {name: entry[name] for name in sound}
        return SearchSettings(**{**values, "rungs": tuple(sorted(rungs))})


def _powers(base: int, last: int) -> tuple[int, ...]:
    if base < 2:
        return tuple(range(1, last))
    powers = [1]
    while powers[-1] * base < last:
        powers.append(powers[-1] * base)
    return tuple(powers)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
