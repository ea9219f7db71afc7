"""What proposes the configurations of a search.

A proposal may depend on the seed of the search, on its number, and on what was asked and told
before it, and on nothing else. No random state is carried from one proposal to the next. So a
search that was killed goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from search_spaces.configuration import Config


@dataclass(frozen=True)
class Told:
    """What became of a trial.

    Attributes:
        state: ``finished``, ``stopped`` (by the rule that ends trials early), ``diverged``,
            ``failed`` or ``timed_out``.
        value: the value of the objective; None without one. Of a stopped trial it is the last.
        values: epoch -> the value there; None if it was no finite number.
        objectives: with several objectives: their values, if the trial is finished.
    """

    state: str
    value: float | None = None
    values: Mapping[int, float | None] = field(default_factory=dict)
    objectives: tuple[float, ...] = ()


class Sampler:
    """Proposes configurations. The grid is a sampler too.

    A sampler of your own needs :meth:`ask` and :meth:`tell`, and may be any class with them. It is
    made by a function ``make(space, *, seed, mode)``, or by its class with these arguments.
    """

    def ask(self, number: int, attempt: int) -> Config | None:
        """Return the configuration to try, or None if nothing is left to try.

        Args:
            number: the number of the proposal, counted from 0.
            attempt: 0. It counts up if what was proposed has been tried already.
        """
        raise NotImplementedError

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Learn a result. A trial that was stopped may be told again, when it was taken further.

        Args:
            number: the number of the proposal; None for a result that no search proposed, such as
                that of a grid.
            config: the configuration.
            told: what became of it.
        """
        raise NotImplementedError

    def begin(self, number: int, config: Config) -> None:
        """Note that a trial runs a configuration; not all of them were asked for."""

    def restore(self, number: int, attempt: int) -> None:
        """Bring the state to where it was after ``ask`` gave a proposal.

        A search that is rebuilt calls it, since it knows the proposal already. A sampler that keeps
        nothing from one proposal to the next can pass.
        """
        for earlier in range(attempt + 1):
            self.ask(number, earlier)


def share_of(*parts: object) -> float:
    """Return a number from 0 to below 1 that depends on the arguments alone, and as if at random.

    Unlike the generators of NumPy it is the same with every version of every library.
    """
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) * 2.0**-53


def seed_of(*parts: object) -> int:
    """Return a seed of 31 bits for a generator of a library."""
    return int(share_of(*parts) * 2**31)
