"""Checks what a search space brings along: a trainable, data sets and measures of the user's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.measure import Measure

if TYPE_CHECKING:
    from search_spaces.space import SearchSpace

RESULTS = ("last", "best")
KEEP = ("last", "best", "none")
_DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


def trainable_name(trainable: Any) -> str:
    """Return the name of a trainable: that of the function or class, or its ``name``."""
    if isinstance(trainable, str):
        return trainable
    name = getattr(trainable, "name", None) or getattr(trainable, "__name__", None)
    return str(name or type(trainable).__name__)


def is_own(trainable: Any) -> bool:
    """Return whether a trainable is a user's function or class, not one of this package."""
    return callable(trainable)


def check_own_work(space: SearchSpace) -> None:
    """Check the fields of a space with which a user brings work of his own.

    Raises:
        UserError: a field has a value that is not allowed. The message names it.
    """
    _check_trainable(space)
    _check_mapping(space, "measures", Measure, "a Measure, as in Measure(unit='mm', better='min')")
    _check_mapping(space, "datasets", None, "a function that returns the data")
    for name in space.datasets:
        if not _DATASET_NAME.fullmatch(name):
            raise UserError(
                f"search space {space.name}: datasets: {name!r}: use letters, digits, _ . and -, "
                "at most 60"
            )
    if space.result not in RESULTS:
        raise UserError(
            f"search space {space.name}: result is {space.result!r}; allowed: {choices(RESULTS)}"
        )
    keep = space.keep_checkpoints
    is_count = isinstance(keep, int) and not isinstance(keep, bool) and 1 <= keep <= 1_000
    if keep is not None and keep not in KEEP and not is_count:
        raise UserError(
            f"search space {space.name}: keep_checkpoints is {keep!r}; allowed: {choices(KEEP)}, "
            "or a whole number from 1 to 1000"
        )
    _check_prefix_axis(space)


def _check_trainable(space: SearchSpace) -> None:
    trainable = space.trainable
    is_name = isinstance(trainable, str) and bool(trainable.strip())
    is_family = hasattr(trainable, "load") and isinstance(getattr(trainable, "name", None), str)
    if not is_name and not is_own(trainable) and not is_family:
        raise UserError(
            f"search space {space.name}: trainable must be a function train(config), a subclass of "
            "ray.tune.Trainable, the result of classifier(...), or the name of a trainable, not "
            f"{trainable!r}"
        )
    for field in ("prefix_axis", "result"):
        if not is_own(trainable) and getattr(space, field) not in (None, "last"):
            raise UserError(
                f"search space {space.name}: {field} is for a function or a class of your own; "
                f"trainable {trainable_name(trainable)} decides it itself; leave it out"
            )


def _check_mapping(space: SearchSpace, field: str, kind: type | None, allowed: str) -> None:
    value = getattr(space, field)
    entries = value.items() if hasattr(value, "items") else None
    sound = entries is not None and all(
        isinstance(key, str) and key and (callable(entry) if kind is None else type(entry) is kind)
        for key, entry in entries
    )
    if not sound:
        raise UserError(f"search space {space.name}: {field} must map names to {allowed}")
    object.__setattr__(space, field, dict(value))


def _check_prefix_axis(space: SearchSpace) -> None:
    axis = space.prefix_axis
    if axis is None:
        return
    where = f"search space {space.name}: prefix_axis"
    known = space.parameters()
    if axis not in known:
        raise UserError(
            f"{where}: {axis!r} is not in param_space{did_you_mean(str(axis), known)}; allowed: "
            f"{choices(known)}"
        )
    for configuration in space.corners():
        length = configuration.config.get(axis)
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise UserError(
                f"{where}: {axis} is {length!r} in a configuration; allowed: whole numbers from 1, "
                "the number of reports"
            )
