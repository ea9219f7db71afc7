"""A user's sampler. What is wrong with it, or with its proposals, is said in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError, one_line
from search_spaces.space import SearchSpace
from tune_app.planning.search.sampler import Sampler, Told
from tune_app.study.user_error import reason_of


class OwnSampler(Sampler):
    """Asks a user's sampler, which may lack everything but ``ask`` and ``tell``.

    Args:
        name: its name on the command line, for messages.
        make: called as ``make(space, seed=..., mode=...)``, it returns the user's sampler.
        space: the search space.
        seed: the seed of the search.
        mode: ``"max"`` or ``"min"``.

    Raises:
        UserError: here and in every method, if the user's code raises an error.
    """

    def __init__(
        self, name: str, make: Callable[..., Any], space: SearchSpace, *, seed: int, mode: str
    ) -> None:
        self._name = name
        with self._answered("make(space, seed=..., mode=...)"):
            self._own = make(space, seed=seed, mode=mode)
        if not all(callable(getattr(self._own, method, None)) for method in ("ask", "tell")):
            raise UserError(
                f"--search {name}: made a {type(self._own).__name__}; it must have the methods "
                "ask(number, attempt) and tell(number, config, told)"
            )

    def ask(self, number: int, attempt: int) -> Config | None:
        """Return the configuration that the user's sampler proposes."""
        with self._answered("ask"):
            found = self._own.ask(number, attempt)
        if found is not None and not isinstance(found, Mapping):
            raise UserError(
                f"--search {self._name}: ask returned {one_line(repr(found))[:100]}; it must "
                "return a dict of parameters, or None if nothing is left to try"
            )
        return None if found is None else dict(found)

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Pass a result on."""
        with self._answered("tell"):
            self._own.tell(number, config, told)

    def begin(self, number: int, config: Config) -> None:
        """Pass on that a trial runs, if the user's sampler wants to know."""
        if hasattr(self._own, "begin"):
            with self._answered("begin"):
                self._own.begin(number, config)

    def restore(self, number: int, attempt: int) -> None:
        """Let the user's sampler restore its state; without a method for that, ask it again."""
        if not hasattr(self._own, "restore"):
            super().restore(number, attempt)
            return
        with self._answered("restore"):
            self._own.restore(number, attempt)

    @contextmanager
    def _answered(self, what: str) -> Iterator[None]:
        """Turn an error of the user's code into one line."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"--search {self._name}: {what} failed: {reason_of(error)}; correct it "
                "and run the same command again"
            ) from error
