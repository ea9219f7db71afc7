"""Values of parameters as a command line has them: texts, which get the type of the parameter."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.points import values_of
from search_spaces.space import SearchSpace
from tune_app.training.registry import REQUIRED, Trainable

_TRUTHS = {"true": True, "false": False}
_MOST_NAMED = 30


def parts_of(text: str) -> list[str]:
    """Return the parts between the commas of a text; a part with commas stands in ``"``."""
    try:
        return [part.strip() for part in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error:  # a line break
        return []


def joined(parts: Iterable[object]) -> str:
    """Return the text that :func:`parts_of` takes apart again."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(map(str, parts))  # it has no text for None
    return text.getvalue()


def parse_values(option: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the parameter and the values that ``lr=1e-3,1e-4`` names.

    Raises:
        UserError: the text has another form.
    """
    name, sign, rest = text.partition("=")
    values = tuple(parts_of(rest))
    if not sign or not name.strip() or not values or not all(values):
        raise UserError(f"{option} {text}: allowed: NAME=VALUE or NAME=VALUE,VALUE, as in lr=1e-3")
    return name.strip(), values


def given_values(option: str, texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return parameter -> values, of an option that is given once for each parameter.

    Raises:
        UserError: a text has another form, or a parameter is named twice.
    """
    given: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, values = parse_values(option, text)
        if name in given:
            raise UserError(
                f"{option} {text}: {name} is named twice; write its values with commas, as in "
                f"{option} {name}={','.join(given[name] + values)}"
            )
        given[name] = values
    return given


def parse_point(option: str, text: str) -> tuple[tuple[str, str], ...]:
    """Return the parameters and the values of the point that ``lr=3e-4,batch_size=64`` names.

    Raises:
        UserError: the text has another form, or names a parameter twice.
    """
    pairs = [part.partition("=") for part in parts_of(text)]
    point = tuple((name.strip(), value.strip()) for name, _, value in pairs)
    if not point or not all(sign and name and value for name, sign, value in pairs):
        raise UserError(
            f"{option} {text}: allowed: NAME=VALUE,NAME=VALUE, as in lr=3e-4,batch_size=64; one "
            "point has one value of each parameter, so repeat the option for more points"
        )
    names = [name for name, _ in point]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{option} {text}: {twice} is named twice; leave one out")
    return point


def known_values(
    space: SearchSpace, trainable: Trainable, rows: Iterable[Mapping[str, Any]] = ()
) -> dict[str, list[Any]]:
    """Return each parameter that may be named, with values that tell its type.

    Those are the parameters of the space, and those of the trainable that the space leaves at their
    defaults.

    Args:
        space: the search space.
        trainable: its trainable.
        rows: configurations of the study, which the space may no longer have.
    """
    found = values_of("", space.axes)
    for config in rows:
        for name, value in config.items():
            found.setdefault(name, []).append(value)
    defaults = trainable.defaults()
    for name, parameter in trainable.parameters.items():
        if name in found or parameter.default is not REQUIRED:
            default = [defaults[name]] if name in defaults else []
            found.setdefault(name, default).extend([*parameter.allowed, parameter.kind()])
    return found


def check_known(option: str, name: str, known: Iterable[str]) -> None:
    """Check that a parameter may be named.

    Raises:
        UserError: it may not.
    """
    names = list(known)
    if name not in names:
        hint, allowed = did_you_mean(name, names), choices(names[:_MOST_NAMED])
        raise UserError(f"{option} {name}: no such parameter{hint}; allowed: {allowed}")


def typed_value(where: str, text: str, known: Sequence[Any]) -> Any:
    """Return the value that a text stands for, of the type that a parameter's values have.

    Where several types are possible, a number is preferred to a string. ``None`` stands for None.

    Args:
        where: the option and the parameter; a message begins with it.
        text: the text.
        known: values of the parameter.

    Raises:
        UserError: the text is no value of such a type.
    """
    kinds = {type(value) for value in known if value is not None}
    for value in known:
        if str(value) == text:
            return value
    if text == "None":
        return None
    if text.lower() in _TRUTHS and (bool in kinds or not kinds):
        return _TRUTHS[text.lower()]
    number = _number(text) if kinds & {int, float} or not kinds else None
    if number is not None:
        is_whole = float(number).is_integer() and kinds == {int}
        equal = (v for v in known if type(v) in (int, float) and v == number)
        return next(equal, float(number) if float in kinds else int(number) if is_whole else number)
    if str in kinds or not kinds:
        return text
    nouns = ("true or false" if bool in kinds else "", "a number" if kinds & {int, float} else "")
    raise UserError(f"{where}={text}: allowed: {' or '.join(filter(None, nouns))}")


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            number = kind(text)
            return number if math.isfinite(number) else None
        except (ValueError, OverflowError):
            continue
    return None


def same_value(value: Any, other: Any) -> bool:
    """Return whether two values are equal; True is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
