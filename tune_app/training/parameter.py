"""The declaration of one parameter of a trainable: its type and its allowed values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import choices
from search_spaces.values import LARGEST_INTEGER

REQUIRED = object()
OPTIONAL = object()
DEVICES = ("auto", "cpu", "cuda")
WORKERS = "workers"
"""The parameter that says how many processes train a model together."""


def _none() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Parameter:
    """The type and the allowed values of one parameter.

    Attributes:
        kind: the allowed Python type. ``float`` also allows an ``int``.
        default: the value if a space leaves the parameter out; ``REQUIRED`` if it must not, and
            ``OPTIONAL`` if the configuration then lacks it too.
        allowed: the allowed values of a string; for another type, values that are allowed besides.
        minimum: the smallest allowed number. It is not allowed itself if ``above`` is true.
        above: whether the number must be greater than ``minimum``.
        maximum: the largest allowed number.
        further: returns strings that are allowed besides. It is called only if ``allowed`` lacks a
            value, because it may take seconds.
        further_name: what they are, in words.
    """

    kind: type
    default: Any = REQUIRED
    allowed: tuple[Any, ...] = ()
    minimum: float | None = None
    above: bool = False
    maximum: float = LARGEST_INTEGER
    further: Callable[[], Sequence[str]] = _none
    further_name: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether ``value`` is allowed."""
        if any(value is a or (value == a and type(value) is type(a)) for a in self.allowed):
            return True
        if isinstance(value, bool) != (self.kind is bool):
            return False
        if not isinstance(value, (int, float) if self.kind is float else self.kind):
            return False
        # NaN fails every comparison, so this form refuses it.
        if isinstance(value, (int, float)) and not -self.maximum <= value <= self.maximum:
            return False
        if self.minimum is not None:
            assert isinstance(value, (int, float))
            return value > self.minimum if self.above else value >= self.minimum
        return self.kind is not str or not self.allowed or value in self.further()

    def describe(self) -> str:
        """Return the allowed values in words: ``resnet18, resnet50`` or ``a number > 0``."""
        parts = [choices(self.allowed)] if self.allowed else []
        if self.kind is bool:
            parts.append("True or False")
        elif self.kind in (int, float):
            noun = "a whole number" if self.kind is int else "a number"
            bound = (
                "" if self.minimum is None else f" {'>' if self.above else '>='} {self.minimum:g}"
            )
            limit = "" if self.maximum == LARGEST_INTEGER else f", at most {self.maximum:g}"
            parts.append(noun + bound + limit)
        elif not self.allowed:
            parts.append("a string")
        if self.further_name:
            parts.append(self.further_name)
        return " or ".join(parts)
