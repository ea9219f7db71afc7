"""The samplers that learn nothing from results: random, quasi-random and the grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search_spaces.configuration import Config, canonical_json
from search_spaces.domains import Domain
from search_spaces.errors import UserError
from search_spaces.points import all_points, decisions, num_points, point
from search_spaces.space import SearchSpace
from tune_app.planning.search.sampler import Sampler, Told, seed_of, share_of


class RandomSampler(Sampler):
    """Draws every parameter from its domain.

    A value depends on the seed, the number and the parameter's name alone. So two studies with one
    seed try the same values, and a parameter that is added changes no other.
    """

    def __init__(self, space: SearchSpace, *, seed: int, mode: str) -> None:
        self._axes, self._seed = space.axes, seed

    def ask(self, number: int, attempt: int) -> Config:
        """Return a configuration."""

        def choose(path: str, domain: Domain) -> Any:
            return domain.at(share_of(self._seed, number, attempt, path))

        return point(self._axes, choose)

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Learn nothing."""

    def restore(self, number: int, attempt: int) -> None:
        """Keep nothing."""


class QmcSampler(RandomSampler):
    """Takes the points of a scrambled Sobol sequence, which fill the space evenly (Owen 1998).

    Each parameter has a dimension of its own, also those that only some configurations have.
    """

    def __init__(self, space: SearchSpace, *, seed: int, mode: str) -> None:
        from scipy.stats import qmc

        super().__init__(space, seed=seed, mode=mode)
        self._paths = {path: index for index, path in enumerate(decisions(space.axes))}
        self._sobol = qmc.Sobol(len(self._paths), scramble=True, rng=seed_of(seed, "qmc"))
        self._points: list[Any] = []

    def ask(self, number: int, attempt: int) -> Config:
        """Return the configuration at a point of the sequence; in place of one tried, a random."""
        if attempt:
            return super().ask(number, attempt)
        while len(self._points) <= number:
            self._points += self._sobol.random(max(1, len(self._points))).tolist()
        shares = self._points[number]
        return point(self._axes, lambda path, domain: domain.at(shares[self._paths[path]]))


class GridSampler(Sampler):
    """Takes the points of a space one after the other; the last axis varies fastest.

    Raises:
        UserError: a domain has no number of values.
    """

    def __init__(self, space: SearchSpace, *, seed: int, mode: str) -> None:
        for name, value in space.axes.items():
            if num_points({name: value}) is None:
                raise UserError(
                    f"--search grid: {name} has a domain without a number of values; use "
                    "tune.choice, tune.quniform or tune.randint in the space, or --search random"
                )
        self._points: Iterator[Config] = all_points(space.axes)
        self._tried: set[str] = set()

    def ask(self, number: int, attempt: int) -> Config | None:
        """Return the next point that has not been tried, or None after the last."""
        untried = (c for c in self._points if canonical_json(c) not in self._tried)
        return next(untried, None)

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Note that a point has been tried."""
        self._tried.add(canonical_json(config))

    def begin(self, number: int, config: Config) -> None:
        """Note that a point is tried."""
        self._tried.add(canonical_json(config))

    def restore(self, number: int, attempt: int) -> None:
        """Keep nothing: the points that were tried are told or begun."""
