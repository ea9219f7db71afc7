"""What a search starts next: a new configuration, or a trial that was stopped."""

from __future__ import annotations

from typing import NamedTuple

from search_spaces.configuration import Configuration


class New(NamedTuple):
    """A configuration that has not been tried.

    Attributes:
        number: the number of the proposal.
        configuration: the configuration.
        rungs: the epochs at which the trial may have to pause, ascending.
    """

    number: int
    configuration: Configuration
    rungs: tuple[int, ...]


class Promote(NamedTuple):
    """A trial that was stopped at a rung and goes on.

    Attributes:
        number: the number of the proposal.
        configuration: the configuration.
        epoch: the rung, from whose checkpoint the trial goes on.
        rungs: the later epochs at which the trial may have to pause, ascending.
    """

    number: int
    configuration: Configuration
    epoch: int
    rungs: tuple[int, ...]
