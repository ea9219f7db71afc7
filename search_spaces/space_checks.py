"""Checks the names and the resources of a search space, and the points that it begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import Config
from search_spaces.domains import Domain
from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.measure import known_mode
from search_spaces.points import is_constant
from search_spaces.reserved import ALLOWED_METRICS, RESERVED, RESERVED_PREFIXES
from search_spaces.values import LARGEST_INTEGER, plain_scalar, plain_value, quoted

if TYPE_CHECKING:
    from search_spaces.space import SearchSpace

MODES = ("max", "min")
MOST_OBJECTIVES = 3
"""Of more objectives nearly every configuration is on the Pareto front."""
_LEAST_RESOURCE = 1e-4
"""The smallest amount of a resource that Ray can assign."""
_MISNAMED = {"cpus": "cpu", "num_cpus": "cpu", "gpus": "gpu", "num_gpus": "gpu"}
"""Names of a trial's CPUs and GPUs elsewhere. Here they would be resources that no node has."""


def check_names(space: SearchSpace) -> None:
    """Check that no parameter and no metric has a name of the study's tables, and none has both.

    Raises:
        UserError: one has.
    """
    where = f"search space {space.name}"
    for name in space.parameters():
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            raise UserError(
                f"{where}: param_space: the name {name!r} is reserved; give the "
                f"parameter another name; reserved: {choices(sorted(RESERVED))}, and names "
                f"that begin with {choices(RESERVED_PREFIXES)}"
            )
    for metric in space.objectives or (space.metric,):
        if metric in space.parameters():
            raise UserError(f"{where}: metric {metric!r} is also a parameter's name; rename one")
        if metric in RESERVED and metric not in ALLOWED_METRICS:
            raise UserError(
                f"{where}: metric {metric!r} is a name that rows have for something else; report "
                "the measure under another name"
            )


def check_objectives(space: SearchSpace) -> tuple[str, str]:
    """Check the objectives of a space, and return the first with its mode.

    Raises:
        UserError: they are no two or three measures with their modes, or ``metric`` and ``mode``
            are given beside them and are not the first one.
    """
    where, given = f"search space {space.name}: objectives", space.objectives
    if not isinstance(given, Mapping) or not all(
        isinstance(name, str) and name.strip() and mode in MODES for name, mode in given.items()
    ):
        raise UserError(
            f"{where} must map measures to {choices(MODES)}, as in {{'val_accuracy': 'max', "
            "'train_seconds': 'min'}"
        )
    if not 2 <= len(given) <= MOST_OBJECTIVES:
        raise UserError(
            f"{where}: {len(given)} of them; allowed: 2 to {MOST_OBJECTIVES}; a single one is "
            "metric and mode"
        )
    metric, mode = next(iter(given.items()))
    if space.metric not in (type(space).metric, metric) or space.mode not in ("", mode):
        raise UserError(
            f"{where} begin with {metric!r}, {mode!r}, which stand for metric and mode; "
            f"given: metric={space.metric!r}, mode={space.mode!r}; leave them out"
        )
    return metric, mode


def check_modes(space: SearchSpace) -> None:
    """Check that a space says which values of its metric are better, and does not contradict it.

    Raises:
        UserError: it does not say it, or the mode is not that of the declared measure, or maximises
            a loss.
    """
    where = f"search space {space.name}"
    if space.mode == "":
        raise UserError(
            f"{where}: metric {space.metric!r} needs mode='min' if lower values are better, else "
            "mode='max'"
        )
    if space.mode not in MODES:
        raise UserError(f"{where}: mode is {space.mode!r}; allowed: {choices(MODES)}")
    for metric, mode in (space.objectives or {space.metric: space.mode}).items():
        known = known_mode(metric, space.measures)
        if known and known != mode:
            raise UserError(
                f"{where}: metric {metric!r} has mode {mode!r}, and {known!r} is better for it; "
                f"write {known!r}, or measures={{{metric!r}: Measure(better={mode!r})}}"
            )


def checked_factors(space: SearchSpace) -> tuple[str, ...]:
    """Return the factors of a space as a tuple.

    Raises:
        UserError: they are no sequence of names of parameters.
    """
    where = f"search space {space.name}: factors"
    if isinstance(space.factors, str) or not isinstance(space.factors, Sequence):
        raise UserError(f"{where} must be a tuple of parameter names")
    factors = tuple(plain_scalar(factor) for factor in space.factors)
    known = space.parameters()
    for factor in factors:
        if factor not in known:
            raise UserError(
                f"{where}: {factor!r} is not in param_space{did_you_mean(str(factor), known)}; "
                f"allowed: {choices(known)}"
            )
    return factors


def checked_resources(space: SearchSpace) -> dict[str, float]:
    """Return the resources of a space in Python's own types.

    Raises:
        UserError: they are no amounts that Ray can assign, or all are zero.
    """
    where = f"search space {space.name}: resources"
    if not isinstance(space.resources, Mapping):
        raise UserError(f"{where} must be a mapping such as {{'cpu': 1}}")
    plain = {plain_scalar(key): plain_scalar(value) for key, value in space.resources.items()}
    for key, value in plain.items():
        if isinstance(key, str) and (known := _MISNAMED.get(key.lower())):
            raise UserError(f"{where}: {key!r}: did you mean {known!r}?")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not isinstance(key, str) or not number or not 0 <= value <= LARGEST_INTEGER:
            raise UserError(f"{where}: {key!r}: {quoted(value)} must be a number >= 0")
        if 0 < value < _LEAST_RESOURCE:
            raise UserError(
                f"{where}: {key!r}: {value!r} is less than Ray's smallest share, {_LEAST_RESOURCE}"
            )
    # Without an entry for the CPU a trial requests one CPU.
    names_cpu = {"cpu", "CPU"} & plain.keys()
    if names_cpu and not any(plain.values()):
        raise UserError(
            f"{where} requests nothing; allowed: an amount above 0, such as {{'cpu': 1}}, the "
            "default"
        )
    return plain


def checked_points(space: SearchSpace) -> tuple[Config, ...]:
    """Return the points of ``start_with``, each with the constants of the space filled in.

    Raises:
        UserError: they are no list of mappings, or one is no point of the space.
    """
    where = f"search space {space.name}: start_with"
    given = space.start_with
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Sequence):
        raise UserError(f"{where} must be a list of configurations, as in [{{'lr': 0.1}}]")
    points = tuple(_checked_point(space, f"{where}[{i}]", entry) for i, entry in enumerate(given))
    for index, config in enumerate(points):
        if config in points[:index]:
            raise UserError(f"{where}[{index}]: the same point twice; remove one")
    return points


def _checked_point(space: SearchSpace, where: str, given: Any) -> Config:
    if not isinstance(given, Mapping):
        raise UserError(f"{where} must map parameters to values, not {given!r}")
    config = plain_value(where, given)
    known = space.parameters()
    for name in config:
        if name not in known:
            raise UserError(
                f"{where}: {name!r} is not in param_space{did_you_mean(name, known)}; allowed: "
                f"{choices(known)}"
            )
    constants: Config = {}
    for name, value in space.axes.items():
        if is_constant(value):
            constants |= value if isinstance(value, Mapping) else {name: value}
    found = space.point_of({**constants, **config}, {})
    if found is None:
        raise UserError(f"{where}: {_why_no_point(space, {**constants, **config})}")
    return found


def _why_no_point(space: SearchSpace, config: Config) -> str:
    """Return what is wrong with a configuration that is no point of the space."""
    for name, value in space.axes.items():
        is_numeric = isinstance(value, Domain) and not value.is_choice
        has_scalars = isinstance(value, Domain) and not any(
            isinstance(option, Mapping) for option in value.options
        )
        if (is_numeric or has_scalars) and name not in config:
            return f"it lacks {name}; name a value for every parameter that the search chooses"
        if is_numeric and not value.contains(config[name]):
            return f"{name} is {config[name]!r}; allowed: {value.describe()}"
        if not is_numeric and has_scalars and config[name] not in value.options:
            return f"{name} is {config[name]!r}; allowed: {choices(value.options)}"
    return (
        f"{config} is no point of param_space: a value is not allowed there, or the parameters do "
        "not belong to one option of tune.choice"
    )
