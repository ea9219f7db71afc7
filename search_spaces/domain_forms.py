"""Reads domains as they are declared: Ray Tune's objects, or the plain form of a domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.configuration import canonical_json
from search_spaces.domains import KINDS, Domain, as_json
from search_spaces.errors import UserError, choices
from search_spaces.values import (
    LARGEST_INTEGER,
    is_grid,
    listed,
    nested,
    plain_axis,
    plain_scalar,
    plain_value,
    quoted,
)

_NAMES_OF_RAY = {
    "Float": {"Uniform": "uniform", "LogUniform": "loguniform", "Normal": "randn"},
    "Integer": {"Uniform": "randint", "LogUniform": "lograndint"},
}


def plain_entry(where: str, value: Any) -> Any:
    """Return the plain form of an entry of ``param_space``: a constant, an axis or a domain.

    Raises:
        UserError: the value is not allowed; the message begins with ``where``.
    """
    domain = as_domain(where, value)
    if domain is not None:
        return domain.as_json()
    if isinstance(value, Mapping) and not is_grid(value):
        for name, inner in value.items():
            if _kind_of(inner):
                raise nested(where, name)
    if is_grid(value) and not isinstance(value["grid_search"], (str, bytes)):
        for entry in value["grid_search"]:
            within = entry.values() if isinstance(entry, Mapping) else (entry,)
            if any(_kind_of(inner) for inner in within):
                raise UserError(
                    f"{where}: tune.grid_search holds a domain; a grid has values only; use "
                    "tune.choice([...]) in its place"
                )
    return plain_axis(where, value)


def as_domain(where: str, value: Any) -> Domain | None:
    """Return the domain that Ray Tune's object or a plain form stands for; None for a constant.

    Raises:
        UserError: it is a domain that is not supported, or its bounds are not allowed.
    """
    kind = _kind_of(value)
    if kind is None:
        return None
    if kind not in KINDS:
        raise UserError(
            f"{where}: tune.{kind} is not supported; allowed: "
            f"{choices(f'tune.{name}' for name in KINDS)}"
        )
    if kind == "choice":
        options = value["options"] if isinstance(value, Mapping) else value.categories
        return _choice(where, options)
    low, high, step = map(plain_scalar, _bounds_of(value))
    domain = Domain(kind, low, high, step)
    _check_bounds(where, domain)
    return domain if domain.is_whole else Domain(kind, float(low), float(high), float(step))


def _bounds_of(value: Any) -> tuple[Any, Any, Any]:
    """Return the lower bound, the upper bound and the step of a numeric domain."""
    if isinstance(value, Mapping):
        return value["low"], value["high"], value.get("step", 0)
    return value.lower, value.upper, getattr(value.get_sampler(), "q", 0)


def _kind_of(value: Any) -> str | None:
    """Return the kind of a domain, be it supported or not, or None for anything else.

    Ray's objects are known by their shape, so that Ray is not imported here.
    """
    if isinstance(value, Mapping):
        kind = value.get("domain")
        bounds = {"options"} if kind == "choice" else {"low", "high"}
        return (
            kind
            if kind in KINDS and bounds <= value.keys() <= bounds | {"domain", "step"}
            else None
        )
    if not type(value).__module__.startswith("ray.tune.search.sample"):
        return None
    number = type(value).__name__
    if number == "Categorical":
        return "choice"
    if number not in _NAMES_OF_RAY:
        return "sample_from"
    sampler = value.get_sampler()
    is_stepped = hasattr(sampler, "q")
    name = type(sampler.sampler if is_stepped else sampler).__name__.lstrip("_")
    return ("q" if is_stepped else "") + _NAMES_OF_RAY[number].get(name, name.lower())


def _choice(where: str, given: Any) -> Domain:
    options = [
        _option(f"{where}[{i}]", o) for i, o in enumerate(listed(where, given, "tune.choice"))
    ]
    if not options:
        raise UserError(f"{where}: tune.choice needs at least one value")
    if len({canonical_json(as_json(option)) for option in options}) < len(options):
        raise UserError(f"{where}: tune.choice holds a value twice; remove one")
    return Domain("choice", options=tuple(options))


def _option(where: str, option: Any) -> Any:
    if _kind_of(option):
        raise UserError(
            f"{where}: a domain stands directly in tune.choice; name its parameter, as in "
            "tune.choice([{'lr': tune.uniform(0, 1)}, {'lr': 0}])"
        )
    if not isinstance(option, Mapping):
        return plain_value(where, option)
    parts: dict[str, Any] = {}
    for name, value in option.items():
        domain = as_domain(f"{where}[{name!r}]", value)
        # A name is checked beside a domain, too.
        checked = plain_value(where, {name: None if domain else value})
        parts |= dict.fromkeys(checked, domain) if domain else checked
    return parts


def _check_bounds(where: str, domain: Domain) -> None:
    kind, low, high, step = domain.kind, domain.low, domain.high, domain.step
    for number in (low, high, step):
        is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
        if not is_number or not abs(number) <= LARGEST_INTEGER:
            raise UserError(
                f"{where}: tune.{kind}: {quoted(number)} is not allowed; allowed: numbers of at "
                "most 2^53"
            )
        if domain.is_whole and number != int(number):
            raise UserError(f"{where}: tune.{kind}: {number!r} must be a whole number")
    if not low < high:
        raise UserError(
            f"{where}: tune.{kind}({low:g}, {high:g}): the first bound must be less than the second"
        )
    if domain.is_log and low <= 0:
        raise UserError(f"{where}: tune.{kind}: the lower bound {low:g} must be greater than 0")
    if domain.is_stepped and (step <= 0 or domain.num_values() == 0):
        raise UserError(
            f"{where}: tune.{kind}({low:g}, {high:g}, {step:g}): the step must be greater than 0, "
            "with a multiple of it between the bounds"
        )


def sampled_axes(param_space: Mapping[str, Any]) -> dict[str, Any]:
    """Return name -> constant, tied constants or domain; a grid becomes a choice of its values.

    Args:
        param_space: a ``param_space`` in its plain form.
    """
    return {name: _axis(value) for name, value in param_space.items()}


def _axis(value: Any) -> Any:
    if is_grid(value):
        values: Sequence[Any] = value["grid_search"]
        return Domain("choice", options=tuple(values)) if len(values) > 1 else values[0]
    return as_domain("", value) or value
