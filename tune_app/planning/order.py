"""The order in which the trials of a launch start: ``--order longest|random|shortest``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from tune_app.planning.plan import PlannedTrial
    from tune_app.training.registry import Trainable

LONGEST, RANDOM, SHORTEST = "longest", "random", "shortest"


class Order(NamedTuple):
    """An order of trials.

    Attributes:
        name: ``longest`` or ``shortest`` first, by the cost that the trainable states, or
            ``random``.
        seed: the seed of a random order.
    """

    name: str = LONGEST
    seed: int = 0

    def __str__(self) -> str:
        """Return the order in words, for the plan of a launch."""
        return (
            f"in random order (seed {self.seed})" if self.name == RANDOM else f"{self.name} first"
        )

    def sorted(self, trials: Iterable[PlannedTrial], trainable: Trainable) -> list[PlannedTrial]:
        """Return trials in this order; those of equal cost in the order in which they came.

        A random order is that of hashes, so it does not depend on the version of a generator, and
        trials that are left over keep it in the next launch.
        """
        if self.name == RANDOM:
            return sorted(trials, key=lambda trial: self._draw(trial.key))
        sign = 1 if self.name == SHORTEST else -1
        return sorted(trials, key=lambda trial: sign * trainable.cost(trial.config))

    def _draw(self, key: str) -> bytes:
        # The keys are hashes themselves, and their own order is that of seed 0.
        return hashlib.sha256(f"{self.seed} {key}".encode()).digest() if self.seed else key.encode()


def parse_order(text: str) -> Order:
    """Return the order that ``longest``, ``shortest``, ``random`` or ``random:7`` names.

    Raises:
        UserError: the text is no order.
    """
    if not re.fullmatch(r"longest|shortest|random(:[0-9]{1,9})?", text.strip()):
        raise UserError(f"--order {text}: allowed: longest, shortest, random, or random:SEED")
    name, _, seed = text.strip().partition(":")
    return Order(name, int(seed or 0))
