"""Gives parameters of a search space other values: ``--set lr=1e-3,1e-4``.

A value of its own, a grid and a domain are replaced. Where parameters are set together, as in
``tune.choice([{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "adam"}])``, a constant cannot
be replaced without the others, so the options are kept in which it has one of the given values. A
domain inside of an option is replaced. An option without the parameter stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from search_spaces.configuration import Config
from search_spaces.domains import Domain
from search_spaces.errors import UserError, choices
from search_spaces.points import is_constant, names_of
from search_spaces.space import SearchSpace
from search_spaces.values import is_grid
from tune_app.planning.typed_values import check_known, known_values, same_value, typed_value
from tune_app.training.registry import find_trainable

Given = Mapping[str, Sequence[str]]
"""Parameter -> its new values, as texts."""


def with_values(space: SearchSpace, given: Given) -> SearchSpace:
    """Return a search space with other values of some parameters.

    What has several values becomes a factor. Points of ``start_with`` get the new values, and those
    that the new space does not have are left out.

    Raises:
        UserError: the space has no such parameter, or it cannot have such a value.
    """
    if not given:
        return space
    trainable = find_trainable(space)
    known = known_values(space, trainable)
    factors, fixed, changed = list(space.factors), Config(), space
    for name, texts in given.items():
        check_known("--set", name, known)
        values = [typed_value(f"--set {name}", text, known[name]) for text in texts]
        if any(same_value(v, w) for place, v in enumerate(values) for w in values[:place]):
            raise UserError(f"--set {name}={','.join(texts)}: a value stands there twice")
        param_space = _Values(name, values, texts).in_place_of(changed)
        changed = replace(changed, param_space=param_space, factors=(), start_with=())
        if len(values) == 1:
            fixed[name] = values[0]
        elif name not in factors:
            factors.append(name)
    names = changed.parameters()
    points: list[Config] = []
    for point in space.start_with:
        held = {n: v for n, v in fixed.items() if n in point or n in changed.param_space}
        moved = changed.point_of({**point, **held}, trainable.defaults())
        if moved is not None and moved not in points:
            points.append(moved)
    kept = tuple(name for name in factors if name in names)
    return replace(changed, factors=kept, start_with=tuple(points))


class _Values:
    """The new values of one parameter.

    Args:
        name: the parameter.
        values: its values.
        texts: the same as they were given.
    """

    def __init__(self, name: str, values: Sequence[Any], texts: Sequence[str]) -> None:
        self._name, self._values = name, list(values)
        self._text = dict(zip(values, texts, strict=True))
        self._to_choose_from: list[Any] = []
        self._unused = list(values)

    def in_place_of(self, space: SearchSpace) -> dict[str, Any]:
        """Return the ``param_space`` of a space with these values.

        Raises:
            UserError: a value can only be chosen, and no option has it.
        """
        name, axes = self._name, space.axes
        holders = [key for key, axis in axes.items() if name in names_of(key, axis)]
        if not holders:  # it was left at its default
            return {**space.param_space, name: _grid(self._values)}
        (holder,) = holders
        entry = self._entry(holder, axes[holder], is_grid(space.param_space[holder]))
        if self._unused:
            others = [other for other in names_of(holder, axes[holder]) if other != name]
            allowed = dict.fromkeys(self._to_choose_from)
            raise UserError(
                f"--set {name}={self._text[self._unused[0]]}: {holder} sets {name} together with "
                f"{choices(others)}; allowed: {choices(allowed)}; for another value add a point "
                "with --add"
            )
        return {**space.param_space, holder: entry}

    def _entry(self, key: str, axis: Any, of_grid: bool) -> Any:
        """Return the entry of ``param_space`` for an axis with the values, in its plain form."""
        if _has_tied(axis):
            left = self._of_options(key, axis.options)
            if len(left) == 1 and is_constant(left[0]):
                return left[0]
            return {"grid_search": left} if of_grid else _choice(left).as_json()
        self._unused = []
        if isinstance(axis, Mapping):
            return _grid([{**axis, self._name: value} for value in self._values])
        return _grid(self._values)

    def _of_options(self, key: str, options: Sequence[Any]) -> list[Any]:
        """Return the options that can have one of the values."""
        found = []
        for option in options:
            inside = option if isinstance(option, Mapping) else {key: option}
            parts = {name: self._inside(name, value) for name, value in inside.items()}
            if not any(value is _NONE for value in parts.values()):
                found.append(parts if isinstance(option, Mapping) else option)
        return found

    def _inside(self, name: str, value: Any) -> Any:
        """Return the value of a parameter inside of an option, or ``_NONE`` if none is left."""
        if _has_tied(value):
            left = self._of_options(name, value.options)
            return _choice(left) if left else _NONE
        if name != self._name:
            return value
        if isinstance(value, Domain):
            self._unused = []
            return self._values[0] if len(self._values) == 1 else _choice(self._values)
        self._to_choose_from.append(value)
        self._unused = [v for v in self._unused if not same_value(v, value)]
        return value if any(same_value(v, value) for v in self._values) else _NONE


_NONE = object()
"""Stands for no value."""


def _has_tied(axis: Any) -> bool:
    """Return whether an axis is a choice in which parameters are set together."""
    return isinstance(axis, Domain) and any(isinstance(o, Mapping) for o in axis.options)


def _choice(options: Sequence[Any]) -> Domain:
    return Domain("choice", options=tuple(options))


def _grid(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else {"grid_search": list(values)}
