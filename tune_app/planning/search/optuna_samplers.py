"""The samplers of Optuna that the package offers. Optuna is imported once one of them is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from search_spaces.errors import UserError
from search_spaces.points import decisions
from search_spaces.space import SearchSpace
from tune_app.planning.search.optuna_domains import distribution_of
from tune_app.planning.search.optuna_sampler import OptunaSampler
from tune_app.planning.search.sampler import Sampler

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

POPULATION = 20
"""The configurations of a generation. Optuna's 50 are more than many a search has in all."""


def tpe(space: SearchSpace, *, seed: int, mode: str) -> Sampler:
    """Return the tree-structured Parzen estimator (Bergstra et al. 2011), with joint densities."""
    domains = decisions(space.axes)
    # Parameters that exist together have a joint density. Without conditional ones there is one.
    is_conditional = any("." in path for path in domains)

    def make(seed: int) -> BaseSampler:
        from optuna.samplers import TPESampler

        if is_conditional:
            return TPESampler(seed=seed, multivariate=True, group=True)
        known = {path: distribution_of(domain) for path, domain in sorted(domains.items())}
        varying = {path: found for path, found in known.items() if not found.single()}
        return _tpe_of_one_space()(varying, seed)

    return OptunaSampler(space, make, seed=seed, mode=mode)


@cache
def _tpe_of_one_space() -> Callable[[dict[str, BaseDistribution], int], BaseSampler]:
    """Return TPE for trials that all have the same parameters.

    Optuna finds them by a look at every trial, since it does not know the space: at 1,000 trials a
    quarter of the time of a proposal.
    """
    from optuna.samplers import TPESampler

    class TpeOfOneSpace(TPESampler):
        def __init__(self, distributions: dict[str, BaseDistribution], seed: int) -> None:
            super().__init__(seed=seed, multivariate=True)
            self._distributions = distributions

        def infer_relative_search_space(
            self, study: Study, trial: FrozenTrial
        ) -> dict[str, BaseDistribution]:
            return self._distributions

    return TpeOfOneSpace


def gp(space: SearchSpace, *, seed: int, mode: str) -> Sampler:
    """Return the Gaussian process with expected improvement."""

    def make(seed: int) -> BaseSampler:
        from optuna.samplers import GPSampler

        return GPSampler(seed=seed, warn_independent_sampling=False)

    return OptunaSampler(space, make, seed=seed, mode=mode)


def cmaes(space: SearchSpace, *, seed: int, mode: str) -> Sampler:
    """Return CMA-ES (Hansen 2016), which moves numbers; all else is drawn at random.

    Raises:
        UserError: there are several objectives.
    """
    if space.objectives:
        raise UserError(
            f"--search cmaes: takes one objective, not {len(space.objectives)}; use tpe, gp or "
            "nsga2, or name one with --objective"
        )

    def make(seed: int) -> BaseSampler:
        from optuna.samplers import CmaEsSampler

        return CmaEsSampler(seed=seed, warn_independent_sampling=False)

    return OptunaSampler(space, make, seed=seed, mode=mode, keeps_state=True)


def nsga2(space: SearchSpace, *, seed: int, mode: str) -> Sampler:
    """Return the genetic algorithm NSGA-II (Deb et al. 2002), made for several objectives."""

    def make(seed: int) -> BaseSampler:
        from optuna.samplers import NSGAIISampler

        return NSGAIISampler(seed=seed, population_size=POPULATION)

    return OptunaSampler(space, make, seed=seed, mode=mode, keeps_state=True)
