"""Domains as Optuna has them: an option of a choice is its index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Domain

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution


def suggest(trial: Trial, path: str, domain: Domain) -> Any:
    """Return a value of a numeric domain, or the index of an option."""
    if domain.is_choice:
        return trial.suggest_categorical(path, list(range(len(domain.options))))
    low, high = domain.bounds
    step = domain.step if domain.is_stepped else None
    if domain.is_whole:
        whole = trial.suggest_int(path, int(low), int(high), step=int(step or 1), log=domain.is_log)
        return domain.nearest(whole)
    return domain.nearest(trial.suggest_float(path, low, high, step=step, log=domain.is_log))


def distribution_of(domain: Domain) -> BaseDistribution:
    """Return a domain as Optuna has it."""
    from optuna import distributions

    if domain.is_choice:
        return distributions.CategoricalDistribution(list(range(len(domain.options))))
    low, high = domain.bounds
    step = domain.step if domain.is_stepped else None
    if domain.is_whole:
        return distributions.IntDistribution(
            int(low), int(high), log=domain.is_log, step=int(step or 1)
        )
    return distributions.FloatDistribution(low, high, log=domain.is_log, step=step)
