"""Asks a sampler of Optuna's, through its interface to ask and to tell.

The trials of a search are kept here as Optuna's frozen trials, in the order in which they were
told. They are put into a study of Optuna's in memory, which a sampler is asked on. Each proposal is
made by a new sampler with a seed of its own, so no random state has to be carried.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import Config
from search_spaces.points import choices_of, decisions, point
from search_spaces.space import SearchSpace
from tune_app.planning.search.optuna_domains import distribution_of, suggest
from tune_app.planning.search.sampler import Sampler, Told, seed_of

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

_MOST_LEFT_OVER = 100
"""Optuna's study cannot forget a trial. It is made anew when more than so many are left over."""


class OptunaSampler(Sampler):
    """Asks one of Optuna's samplers.

    Args:
        space: the search space.
        make: seed -> a sampler of Optuna's.
        seed: the seed of the search.
        mode: ``"max"`` or ``"min"``; several objectives have modes of their own.
        keeps_state: whether the sampler keeps its state in Optuna's trials, as CMA-ES does.
    """

    def __init__(
        self,
        space: SearchSpace,
        make: Callable[[int], BaseSampler],
        *,
        seed: int,
        mode: str,
        keeps_state: bool = False,
    ) -> None:
        self._space, self._make, self._seed = space, make, seed
        modes = tuple(space.objectives.values()) or (mode,)
        self._is_maximized = [mode == "max" for mode in modes]
        self._keeps_state = keeps_state
        self._domains = decisions(space.axes)
        self._distributions: dict[str, BaseDistribution] = {}
        self._states: dict[int, tuple[Config, dict[str, Any]]] = {}
        self._running: dict[int, FrozenTrial] = {}
        self._told: dict[object, FrozenTrial] = {}
        self._new: list[FrozenTrial] = []
        self._study: Study | None = None
        self._num_left_over = 0

    def ask(self, number: int, attempt: int) -> Config:
        """Return the configuration that Optuna's sampler proposes."""
        with _quiet():
            study = self._study_to_ask()
            study.sampler = self._make(seed_of(self._seed, number, attempt))
            first = len(self._told) + self._num_left_over
            study.add_trials(list(self._running.values()))
            trial = study.ask()
            config = point(self._space.axes, lambda path, domain: suggest(trial, path, domain))
            if self._keeps_state:
                asked = study.get_trials(deepcopy=False)[trial.number]
                self._states[number] = config, dict(asked.system_attrs)
            for left_over in range(first, trial.number + 1):
                study.tell(left_over, state=_states().FAIL)
            self._num_left_over += len(self._running) + 1
        return config

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Learn a result.

        A trial that diverged counts as worse than all others, so that its neighbours are avoided.
        Nothing is learned from one that failed or ran out of time, since the reason may be another.
        """
        key = _identity(config) if number is None else number
        running = None if number is None else self._running.pop(number, None)
        if self._told.pop(key, None) is not None:
            self._study = None  # it has the earlier result, which it cannot forget
        if told.state not in ("finished", "stopped", "diverged"):
            return
        attributes = {} if running is None else running.system_attrs
        trial = self._frozen(config, told, attributes)
        if trial is not None:
            self._told[key] = trial
            self._new.append(trial)

    def begin(self, number: int, config: Config) -> None:
        """Note that a trial runs, so that its neighbours are not tried at the same time."""
        proposed, attributes = self._states.pop(number, (config, {}))
        # What is drawn instead of a proposal that was tried already is none of the sampler's.
        trial = self._frozen(config, None, attributes if config == proposed else {})
        if trial is not None:
            self._running[number] = trial

    def restore(self, number: int, attempt: int) -> None:
        """Ask again where the state is kept in what was asked."""
        if self._keeps_state:
            super().restore(number, attempt)

    def _study_to_ask(self) -> Study:
        """Return a study with everything that was told, in that order."""
        import optuna

        too_many = self._num_left_over > max(_MOST_LEFT_OVER, len(self._told))
        # CMA-ES makes its seeds from the numbers of trials, so these must not depend on the past.
        if self._study is None or too_many or self._keeps_state:
            self._study = optuna.create_study(
                directions=["maximize" if high else "minimize" for high in self._is_maximized]
            )
            self._new, self._num_left_over = list(self._told.values()), 0
        self._study.add_trials(self._new)
        self._new = []
        return self._study

    def _frozen(
        self, config: Config, told: Told | None, attributes: dict[str, Any]
    ) -> FrozenTrial | None:
        """Return a trial as Optuna has it, or None for a configuration of another space."""
        from optuna.trial import create_trial

        chosen = choices_of(self._space.axes, config, {})
        if chosen is None:
            return None
        states = _states()
        state, results, values = states.RUNNING, None, {}
        is_single = len(self._is_maximized) == 1
        if told is not None:
            found = [told.value] if is_single else [*told.objectives]
            known = [value for value in found if value is not None]
            is_finished = told.state == "finished" and len(known) == len(self._is_maximized)
            state = states.COMPLETE if is_finished else states.PRUNED
            results = known if is_finished else None
            # A pruned trial without values is the worst. Of several objectives none is known.
            if is_single and told.state != "diverged":
                values = {epoch: v for epoch, v in told.values.items() if v is not None}
        return create_trial(
            state=state,
            values=results,
            params=chosen,
            distributions={path: self._distribution(path) for path in chosen},
            system_attrs=attributes,
            intermediate_values=values,
        )

    def _distribution(self, path: str) -> BaseDistribution:
        if path not in self._distributions:
            self._distributions[path] = distribution_of(self._domains[path])
        return self._distributions[path]


def _states() -> Any:
    from optuna.trial import TrialState

    return TrialState


def _identity(config: Config) -> str:
    return repr(sorted(config.items()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from reporting its own trials, and from warning of options that are chosen here.

    Its settings are as before afterwards, since a user's code may use Optuna too.
    """
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
