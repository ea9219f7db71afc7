"""Domains: the sets of values from which a search draws a parameter.

They are declared as for Ray Tune (``tune.loguniform(1e-5, 1e-1)``) and recorded in plain JSON
(``{"domain": "loguniform", "low": 1e-05, "high": 0.1}``), which may be declared too. The options of
a ``tune.choice`` may be mappings, whose values may be domains again. So a parameter exists only
where it has a meaning (*conditional* parameters)::

    "optimizer": tune.choice([
        {"optimizer": "sgd", "momentum": tune.uniform(0.5, 0.99)},
        {"optimizer": "adam"},
    ])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("uniform", "loguniform", "quniform", "randint", "lograndint", "qrandint", "choice")
"""The allowed domains, by the names of Ray Tune's functions."""
_WHOLE = ("randint", "lograndint", "qrandint")
_LOG = ("loguniform", "lograndint")
_STEPPED = ("quniform", "qrandint")
_DIGITS = 12
"""Multiples of a step are rounded to so many digits: 0.3, not 0.30000000000000004."""


@dataclass(frozen=True)
class Domain:
    """A set of values.

    Attributes:
        kind: one of ``KINDS``.
        low: the smallest number.
        high: the upper bound. As in Ray Tune, ``randint`` and ``lograndint`` stay below it.
        step: of ``quniform`` and ``qrandint``: every value is a multiple of it.
        options: of ``choice``: constants, and mappings name -> constant or domain.
    """

    kind: str
    low: float = 0
    high: float = 0
    step: float = 0
    options: tuple[Any, ...] = ()

    @property
    def is_choice(self) -> bool:
        """Whether the domain lists its values."""
        return self.kind == "choice"

    @property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.kind in _WHOLE

    @property
    def is_stepped(self) -> bool:
        """Whether every value is a multiple of ``step``."""
        return self.kind in _STEPPED

    @property
    def is_log(self) -> bool:
        """Whether the logarithm of the values is uniform."""
        return self.kind in _LOG

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value of a numeric domain."""
        if self.is_stepped:
            first, last = self._multiples()
            return self._multiple(first), self._multiple(last)
        return self.low, self.high - 1 if self.is_whole else self.high

    def num_values(self) -> int | None:
        """Return the number of values of a numeric domain, or None if there is no end of them."""
        if self.is_stepped:
            first, last = self._multiples()
            return last - first + 1
        return int(self.high - self.low) if self.is_whole else None

    def values(self) -> list[float]:
        """Return all values of a numeric domain that has a number of them, ascending."""
        if self.is_stepped:
            first, last = self._multiples()
            return [self._multiple(index) for index in range(first, last + 1)]
        assert self.is_whole, self.kind
        return list(range(int(self.low), int(self.high)))

    def at(self, share: float) -> Any:
        """Return the value of a numeric domain, or the index of an option, at a share of its range.

        A uniform share gives the distribution that the domain is named after.

        Args:
            share: 0 <= share < 1.
        """
        if self.is_choice:
            return int(share * len(self.options))
        if self.is_stepped:
            first, last = self._multiples()
            return self._multiple(first + int(share * (last - first + 1)))
        if self.is_log:
            log_low, log_high = math.log(self.low), math.log(self.high)
            value = math.exp(log_low + share * (log_high - log_low))
        else:
            value = self.low + share * (self.high - self.low)
        low, high = self.bounds
        if self.is_whole:
            value = math.floor(value)
        return min(max(value, low), high)

    def nearest(self, value: float) -> float:
        """Return the value of a numeric domain that is nearest to a number."""
        low, high = self.bounds
        if self.is_stepped:
            value = self._multiple(round(value / self.step))
        return min(max(round(value) if self.is_whole else value, low), high)

    def contains(self, value: object) -> bool:
        """Return whether a numeric domain contains a value."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        low, high = self.bounds
        if not low <= value <= high or (self.is_whole and value != int(value)):
            return False
        if self.is_stepped:
            return math.isclose(value, self._multiple(round(value / self.step)), rel_tol=1e-9)
        return True

    def describe(self) -> str:
        """Return a numeric domain in words, for messages."""
        noun = "whole numbers" if self.is_whole else "numbers"
        low, high = self.bounds
        multiple = f", multiples of {self.step:g}" if self.is_stepped else ""
        return f"{noun} from {low:g} to {high:g}{multiple}"

    def as_json(self) -> dict[str, Any]:
        """Return the plain form, which :func:`search_spaces.domain_forms.as_domain` reads."""
        if self.is_choice:
            return {"domain": self.kind, "options": [as_json(option) for option in self.options]}
        plain: dict[str, Any] = {"domain": self.kind, "low": self.low, "high": self.high}
        return {**plain, "step": self.step} if self.is_stepped else plain

    def _multiples(self) -> tuple[int, int]:
        """Return the first and the last whole number whose product with the step is a value."""
        tolerance = 1e-9
        first = math.ceil(self.low / self.step - tolerance)
        return first, math.floor(self.high / self.step + tolerance)

    def _multiple(self, index: int) -> float:
        if self.is_whole:
            return int(index * self.step)
        return float(f"{index * self.step:.{_DIGITS}g}")


def as_json(option: Any) -> Any:
    """Return the plain form of an option of a ``tune.choice``."""
    if isinstance(option, Domain):
        return option.as_json()
    if isinstance(option, Mapping):
        return {name: as_json(value) for name, value in option.items()}
    return option
