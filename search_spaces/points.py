"""The points of a space with domains: made from choices, and taken apart into choices.

A point is decided name by name, in the declared order. Each decision has a path: the name of the
entry of ``param_space``, and inside of an option its index and the name there
(``optimizer``, ``optimizer.0.momentum``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from search_spaces.configuration import Config, is_same
from search_spaces.domains import Domain

Axes = Mapping[str, Any]
"""Name -> constant, tied constants or domain (:func:`search_spaces.domain_forms.sampled_axes`)."""
Choose = Callable[[str, Domain], Any]
"""(path, domain) -> a number of the domain, or the index of an option."""
Choices = dict[str, Any]
"""Path -> what was chosen there."""


def point(axes: Axes, choose: Choose) -> Config:
    """Return the point for which every decision is made by a function.

    The function is asked only for the parameters that the point has.

    Args:
        axes: the ``axes`` of a search space.
        choose: ``choose(path, domain)`` returns the value of a numeric domain, or the index of an
            option of a choice, as ``domain.at(share)`` does for a share from 0 to below 1. A path
            is the name of a parameter, or leads to one inside of an option: ``optimization.0.lr``.
    """
    return _joined(_decided(name, value, name, choose) for name, value in axes.items())


def point_at(axes: Axes, choices: Choices) -> Config:
    """Return the point that choices make (:func:`choices_of`)."""
    return point(axes, lambda path, _domain: choices[path])


def _decided(name: str, value: Any, path: str, choose: Choose) -> Config:
    if isinstance(value, Domain):
        chosen = choose(path, value)
        if not value.is_choice:
            return {name: chosen}
        return _decided(name, value.options[chosen], f"{path}.{chosen}", choose)
    if not isinstance(value, Mapping):
        return {name: value}
    inside = value.items()
    return _joined(_decided(inner, entry, f"{path}.{inner}", choose) for inner, entry in inside)


def decisions(axes: Axes) -> dict[str, Domain]:
    """Return the domain of every decision that at least one point needs, by its path."""
    return _joined(_decisions(value, name) for name, value in axes.items())


def _decisions(value: Any, path: str) -> dict[str, Domain]:
    if isinstance(value, Mapping):
        return _joined(_decisions(v, f"{path}.{name}") for name, v in value.items())
    if not isinstance(value, Domain):
        return {}
    inside = (_decisions(option, f"{path}.{i}") for i, option in enumerate(value.options))
    return {path: value, **_joined(inside)}


class _Match(NamedTuple):
    choices: Choices
    names: frozenset[str]


def choices_of(axes: Axes, config: Config, defaults: Config) -> Choices | None:
    """Return the choices that make a configuration, or None if it is no point of the axes.

    Args:
        axes: the axes.
        config: the configuration.
        defaults: values of parameters that a configuration may leave out.
    """
    full = {**defaults, **config}
    match = _matched_all(axes, "", full)
    if match is None:
        return None
    further = {
        name
        for name in config.keys() - match.names
        if name not in defaults or not is_same(config[name], defaults[name])
    }
    return None if further else match.choices


def _matched_all(axes: Axes, prefix: str, config: Config) -> _Match | None:
    choices: Choices = {}
    names: frozenset[str] = frozenset()
    for name, value in axes.items():
        match = _matched(name, value, f"{prefix}{name}", config)
        if match is None:
            return None
        choices |= match.choices
        names |= match.names
    return _Match(choices, names)


def _matched(name: str, value: Any, path: str, config: Config) -> _Match | None:
    if isinstance(value, Domain) and value.is_choice:
        matches = []
        for index, option in enumerate(value.options):
            match = _matched(name, option, f"{path}.{index}", config)
            if match is not None:
                matches.append(_Match({path: index, **match.choices}, match.names))
        # An option that explains more of the configuration is the one that made it.
        return max(matches, key=lambda match: len(match.names), default=None)
    if isinstance(value, Domain):
        chosen = config.get(name)
        return _Match({path: chosen}, frozenset({name})) if value.contains(chosen) else None
    if isinstance(value, Mapping):
        return _matched_all(value, f"{path}.", config)
    found = name in config and is_same(config[name], value)
    return _Match({}, frozenset({name})) if found else None


def names_of(name: str, value: Any) -> list[str]:
    """Return the parameters that an axis sets in at least one point, in declared order.

    The axes of a space together are an axis without a name.
    """
    if isinstance(value, Domain) and value.is_choice:
        found = [inner for option in value.options for inner in names_of(name, option)]
    elif isinstance(value, Mapping):
        found = [inner for key, entry in value.items() for inner in names_of(key, entry)]
    else:
        found = [name]
    return list(dict.fromkeys(found))


def values_of(name: str, value: Any) -> dict[str, list[Any]]:
    """Return parameter -> the values that an axis names for it; of a numeric domain its bounds."""
    if isinstance(value, Domain) and not value.is_choice:
        return {name: list(value.bounds)}
    if isinstance(value, Domain):
        parts = [values_of(name, option) for option in value.options]
    elif isinstance(value, Mapping):
        parts = [values_of(inner, entry) for inner, entry in value.items()]
    else:
        return {name: [value]}
    found: dict[str, list[Any]] = {}
    for part in parts:
        for inner, values in part.items():
            found.setdefault(inner, []).extend(values)
    return found


def is_constant(value: Any) -> bool:
    """Return whether an axis is the same in every point."""
    if isinstance(value, Mapping):
        return all(is_constant(entry) for entry in value.values())
    return not isinstance(value, Domain)


def name_set_twice(axes: Axes) -> str | None:
    """Return a parameter that two axes set, at the top or together inside of an option, if any."""
    seen: set[str] = set()
    for name, value in axes.items():
        names = set(names_of(name, value))
        if seen & names:
            return min(seen & names)
        seen |= names
        options = value.options if isinstance(value, Domain) else (value,)
        for option in options:
            twice = name_set_twice(option) if isinstance(option, Mapping) else None
            if twice:
                return twice
    return None


def num_points(axes: Axes) -> int | None:
    """Return how many points there are, or None if there is no end of them."""
    sizes = [_size(value) for value in axes.values()]
    return None if None in sizes else math.prod(size for size in sizes if size is not None)


def _size(value: Any) -> int | None:
    if isinstance(value, Mapping):
        return num_points(value)
    if not isinstance(value, Domain):
        return 1
    if not value.is_choice:
        return value.num_values()
    sizes = [_size(option) for option in value.options]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def all_points(axes: Axes) -> Iterator[Config]:
    """Yield every point of axes with a number of them; the last axis varies fastest."""
    columns = [_column(name, value, all_points, Domain.values) for name, value in axes.items()]
    return (_joined(parts) for parts in itertools.product(*columns))


def corners(axes: Axes) -> list[Config]:
    """Return points that hold every bound, every option and every constant at least once."""
    columns = [_column(name, value, corners, _bounds) for name, value in axes.items()]
    length = max(map(len, columns))
    return [_joined(column[i % len(column)] for column in columns) for i in range(length)]


def _bounds(domain: Domain) -> list[float]:
    return list(domain.bounds)


def _column(
    name: str, value: Any, points: Callable[[Axes], Any], numbers: Callable[[Domain], list[float]]
) -> list[Config]:
    """Return the parts that one axis gives to points."""
    if isinstance(value, Domain) and value.is_choice:
        parts = (_column(name, option, points, numbers) for option in value.options)
        return list(itertools.chain.from_iterable(parts))
    if isinstance(value, Domain):
        return [{name: number} for number in numbers(value)]
    return list(points(value)) if isinstance(value, Mapping) else [{name: value}]


def _joined(parts: Any) -> Config:
    config: Config = {}
    for part in parts:
        config |= part
    return config
