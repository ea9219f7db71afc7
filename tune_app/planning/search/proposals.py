"""Which configuration a search tries next: one that has not been tried."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import NamedTuple

from search_spaces.configuration import Config, Configuration, make_configuration
from search_spaces.errors import UserError, choices, one_line
from search_spaces.points import all_points
from search_spaces.space import SearchSpace
from tune_app.planning.search.plain_samplers import RandomSampler
from tune_app.planning.search.sampler import Sampler, share_of
from tune_app.study.search_settings import SearchSettings

START_WITH = "start_with"
"""Where the first proposals of a space with ``start_with`` come from."""
MOST_ATTEMPTS = 20
"""So often a sampler is asked for another configuration than those that were tried."""
_MOST_LISTED = 20_000
"""If a space has at most so many points, those that have not been tried are listed."""
_MOST_DRAWN = 1_000
"""Otherwise so many points are drawn to find one that has not been tried."""


class Proposal(NamedTuple):
    """A configuration to try.

    Attributes:
        configuration: the configuration.
        source: ``"start_with"``, the name of the sampler, or ``"random"`` if the sampler proposed
            only what was tried already.
        attempt: how many proposals before it were left out, because they had been tried already.
    """

    configuration: Configuration
    source: str
    attempt: int = 0


class Proposals:
    """Proposes configurations that have not been tried.

    What was proposed a second time is not told a second time either: it would count twice.

    Args:
        settings: what was asked for.
        space: the search space.
        sampler: proposes configurations.
        defaults: the trainable's values of parameters that a configuration may leave out.

    Attributes:
        tried: the config_ids that need no proposal any more.
        ended_because: why there are no more proposals; empty as long as there may be some.
    """

    def __init__(
        self, settings: SearchSettings, space: SearchSpace, sampler: Sampler, defaults: Config
    ) -> None:
        self.tried: set[str] = set()
        self.ended_because = ""
        self._name, self._seed = settings.sampler, settings.seed
        self._space, self._sampler, self._defaults = space, sampler, defaults
        self._start_with = deque(self._configuration(dict(config)) for config in space.start_with)
        self._random = RandomSampler(space, seed=settings.seed, mode=space.mode)

    def next(self, number: int) -> Proposal | None:
        """Return the proposal with a number, or None if there is none.

        Raises:
            UserError: the sampler proposes what is no point of the space.
        """
        while self._start_with:
            configuration = self._start_with.popleft()
            if configuration.config_id not in self.tried:
                return Proposal(configuration, START_WITH)
        for attempt in range(MOST_ATTEMPTS):
            config = self._sampler.ask(number, attempt)
            if config is None:
                self.ended_because = self._all_tried() or (
                    f"the sampler {self._name} has nothing left to propose"
                )
                return None
            self._check(number, config)
            configuration = self._configuration(config)
            if configuration.config_id not in self.tried:
                return Proposal(configuration, self._name, attempt)
        return self._at_random(number)

    def _check(self, number: int, config: Config) -> None:
        """Refuse what is no point of the space: its result could not be told to any sampler."""
        if self._space.point_of(config, self._defaults) is None:
            proposed, names = one_line(repr(config))[:200], choices(self._space.parameters())
            raise UserError(
                f"--search {self._name}: proposal {number} is {proposed}, which is no point of the "
                f"space; allowed: values of {names} from their domains"
            )

    def _configuration(self, config: Config) -> Configuration:
        return make_configuration(config, self._defaults)

    @property
    def _is_listed(self) -> bool:
        size = self._space.num_configurations()
        return size is not None and size <= _MOST_LISTED

    @cached_property
    def _listed(self) -> list[Configuration]:
        return [self._configuration(config) for config in all_points(self._space.axes)]

    def _untried(self) -> list[Configuration]:
        return [c for c in self._listed if c.config_id not in self.tried]

    def _all_tried(self) -> str:
        """Return that the space is exhausted, or an empty string if it is not, as far as known."""
        if not self._is_listed or self._untried():
            return ""
        number = len({configuration.config_id for configuration in self._listed})
        return f"the space has {number:,} configurations, and all of them were tried"

    def _at_random(self, number: int) -> Proposal | None:
        if self._is_listed:
            untried = self._untried()
            if untried:
                place = int(share_of(self._seed, number, "untried") * len(untried))
                return Proposal(untried[place], "random", MOST_ATTEMPTS)
            self.ended_because = self._all_tried()
            return None
        for draw in range(_MOST_DRAWN):
            configuration = self._configuration(self._random.ask(number, MOST_ATTEMPTS + draw))
            if configuration.config_id not in self.tried:
                return Proposal(configuration, "random", MOST_ATTEMPTS)
        self.ended_because = f"{_MOST_DRAWN:,} random draws gave only what was tried already"
        return None
