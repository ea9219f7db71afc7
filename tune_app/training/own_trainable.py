"""Declares a user's own function or class, so that its trials are planned like any other's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.training.trainable import Trainable


def own_trainable(space: SearchSpace) -> Trainable:
    """Return the declaration of the function or class that a search space brings along.

    Raises:
        UserError: the function cannot be called with a configuration, and with data if it has a
            second parameter; the space has data sets that it does not take; or it is of a kind that
            cannot run.
    """
    _check_kind(space)
    takes_data = _takes_data(space)
    if space.datasets and not takes_data:
        raise UserError(
            f"search space {space.name}: trainable {space.trainable_name} takes no data (no "
            "second parameter without a default), so the datasets would not be used; leave them "
            "out, or write a function train(config, data)"
        )
    axis = space.prefix_axis
    factors = tuple(space.factors)
    return Trainable(
        name=space.trainable_name,
        function=space.trainable,
        parameters={},
        label=_Label(factors),
        prefix_axis=axis,
        shares_prefix=lambda _config: axis is not None,
        cost=lambda config: float(config[axis]) if axis else 1.0,
        uses_images=takes_data,
        is_own=True,
        keep_checkpoints="last" if space.keep_checkpoints is None else space.keep_checkpoints,
    )


def recorded_trainable(space: Mapping[str, Any]) -> Trainable:
    """Return as much of a user's trainable as ``study.json`` tells, to plan what is left.

    Args:
        space: the ``space`` entry of ``study.json``.
    """
    axis = space.get("prefix_axis")
    named = axis if isinstance(axis, str) else None
    return Trainable(
        name=str(space["trainable"]),
        function=_cannot_run,
        parameters={},
        label=_Label(()),
        prefix_axis=named,
        shares_prefix=lambda _config: named is not None,
        cost=lambda config: float(config[named]) if named else 1.0,
        is_own=True,
    )


def _cannot_run(*_arguments: Any, **_given: Any) -> None:
    raise AssertionError("the study's file has only the description of the function")


@dataclass(frozen=True)
class _Label:
    """Names a trial by the values of its factors: ``lr=0.01-width=32``."""

    factors: tuple[str, ...]

    def __call__(self, config: Config) -> str:
        parts = [_part(name, config[name]) for name in self.factors if name in config]
        return "-".join(parts) or "trial"


def _part(name: str, value: object) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{name}={value:g}" if is_number else f"{name}={value}"


def _check_kind(space: SearchSpace) -> None:
    work = space.trainable
    where = f"search space {space.name}: trainable {space.trainable_name}"
    if inspect.isclass(work):
        of_ray = [base for base in inspect.getmro(work) if base.__module__.startswith("ray.tune.")]
        if not of_ray:
            raise UserError(
                f"{where} is a class, but no subclass of ray.tune.Trainable; derive it from that, "
                "or give a function train(config)"
            )
    if inspect.iscoroutinefunction(work) or inspect.isasyncgenfunction(work):
        raise UserError(
            f"{where} is an async function; allowed: def train(config), which may call "
            "asyncio.run(...)"
        )
    if hasattr(work, "_resources"):  # what tune.with_resources leaves on a function
        raise UserError(
            f"{where} has resources of tune.with_resources, which are not used; write "
            "resources={'cpu': 2} in the space instead"
        )


def _takes_data(space: SearchSpace) -> bool:
    """Return whether the user's function takes data besides the configuration."""
    function: Callable[..., Any] = space.trainable
    where = f"search space {space.name}: trainable {space.trainable_name}"
    if inspect.isclass(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in signature.parameters.values() if p.kind in kinds and p.default is p.empty]
    if not 1 <= len(needed) <= 2:
        raise UserError(
            f"{where} takes {len(needed)} arguments; allowed: train(config), or train(config, "
            "data) with the space's datasets"
        )
    if len(needed) == 2 and not space.datasets and "dataset" not in space.parameters():
        raise UserError(
            f"{where} takes data, but the space has no datasets; add datasets={{'name': load}}, a "
            "parameter 'dataset', or take the configuration alone"
        )
    return len(needed) == 2
