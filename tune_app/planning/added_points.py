"""Adds single configurations to a study: ``--add lr=3e-4,batch_size=64``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.configuration import Config, make_configuration
from search_spaces.errors import UserError, choices
from search_spaces.points import corners, is_constant
from search_spaces.space import SearchSpace
from tune_app.planning.typed_values import check_known, known_values, same_value, typed_value
from tune_app.study.trials import RowKey
from tune_app.training.registry import Trainable, check_config

Point = Sequence[tuple[str, str]]
"""The parameters that a point names, and their values as texts."""


def add_points(
    study: dict[str, Any], space: SearchSpace, trainable: Trainable, points: Sequence[Point]
) -> frozenset[RowKey]:
    """Return the rows of points, after adding those to the study that it lacks.

    A parameter that a point does not name has the value that all configurations of the space have.

    Args:
        study: the content of ``study.json``, to which configurations are added.
        space: the search space.
        trainable: its trainable.
        points: the points.

    Raises:
        UserError: a point does not name a parameter of which configurations have several values, or
            it names one that there is not, or a value that is not allowed.
    """
    entries: list[dict[str, Any]] = study["configurations"]
    rows = [entry["config"] for entry in entries]
    known = known_values(space, trainable, rows)
    ids = {entry["config_id"] for entry in entries}
    found: list[str] = []
    for point in points:
        option = f"--add {','.join(f'{name}={text}' for name, text in point)}"
        named: Config = {}
        for name, text in point:
            check_known(option, name, known)
            named[name] = typed_value(f"--add {name}", text, known[name])
        config = _completed(option, space, named)
        check_config(option, trainable, config)
        _name_defaults(entries, trainable, named)
        added = make_configuration(config, study["space"].get("defaults") or {})
        found.append(added.config_id)
        if added.config_id not in ids:
            ids.add(added.config_id)
            entries.append({"config_id": added.config_id, "config": added.config})
    return frozenset((config_id, seed) for config_id in found for seed in study["seeds"])


def further_factors(study: Mapping[str, Any], space: SearchSpace) -> list[str]:
    """Return the parameters that differ between rows although they are constant in the space.

    Rows have them from points that were added, or from an earlier ``--set``.
    """
    constant = {name for name, axis in space.axes.items() if is_constant(axis)}
    listed = {*space.factors, *(set(space.parameters()) - constant)}
    values: dict[str, list[Any]] = {}
    for entry in study["configurations"]:
        for name, value in entry["config"].items():
            held = values.setdefault(name, [value])
            if len(held) == 1 and name not in listed and not same_value(value, held[0]):
                held.append(value)
    return [name for name, held in values.items() if len(held) > 1]


def _name_defaults(entries: list[dict[str, Any]], trainable: Trainable, named: Config) -> None:
    """Let configurations name the defaults of parameters that a point varies.

    That changes no ``config_id``.
    """
    defaults = {k: v for k, v in trainable.defaults().items() if k in named}
    for entry in entries:
        given = entry["config"]
        entry["config"] = {**given, **{name: given.get(name, v) for name, v in defaults.items()}}


def _completed(option: str, space: SearchSpace, named: Config) -> Config:
    """Return a point with the parameters that it does not name.

    Raises:
        UserError: one of them has several values in the space.
    """
    config, missing = dict(named), []
    for key, axis in space.axes.items():
        options = _options_of(key, axis, named)
        for name in dict.fromkeys(name for part in options for name in part):
            values = [part.get(name) for part in options]
            if name in named:
                continue
            if all(same_value(value, values[0]) for value in values) and name in options[0]:
                config[name] = values[0]
            else:
                missing.append(name)
    if missing:
        raise UserError(
            f"{option}: name also {choices(missing)}, of which the space has several values, as in "
            f"{option},{missing[0]}=..."
        )
    in_order = [name for name in space.parameters() if name in config]
    return {name: config[name] for name in (*in_order, *(n for n in config if n not in in_order))}


def _options_of(key: str, axis: Any, named: Config) -> list[Config]:
    """Return the options of an axis that a point can mean: parameters that are set together.

    Those are the options with every parameter that the point names of them, and of these the ones
    that agree with it in most. Of equal ones those count that agree in what they declare first,
    such as the kernel of an SVM.
    """
    options = corners({key: axis})
    mine = {name for part in options for name in part if name in named}
    whole = [part for part in options if mine <= part.keys()] or options

    def agreement(part: Config) -> tuple[int, list[bool]]:
        same = [same_value(part[name], named[name]) for name in part if name in named]
        return sum(same), same

    most = max(map(agreement, whole))
    return [part for part in whole if agreement(part) == most]
