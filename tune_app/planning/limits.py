"""Limits that end a launch, or one of its trials, before all work is done."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.study.measures import Measures
from tune_app.study.objective import finite_number


@dataclass(frozen=True)
class Limits:
    """What ends a launch or a trial early. None, or 0, stands for no limit.

    Attributes:
        seconds: how long the launch may take.
        trial_seconds: how long a trial may take, over all its launches.
        target: a measure and the value that ends the launch once a row's result has reached it.
        mode: whether the target is reached from below (``"max"``) or from above (``"min"``);
            :func:`with_direction` finds it.
        max_cost: a resource and how many hours of it the launch may use: ``("CPU", 40.0)``.
    """

    seconds: float | None = None
    trial_seconds: float | None = None
    target: tuple[str, float] | None = None
    mode: str = "max"
    max_cost: tuple[str, float] | None = None

    def reached_by(self, result: Mapping[str, Any]) -> str:
        """Return in words that a row's result has reached the target; else an empty text."""
        if self.target is None:
            return ""
        name, value = self.target
        found = finite_number(result.get(name))
        if found is None or (found > value if self.mode == "min" else found < value):
            return ""
        return f"the target {name} {value:g} (with {found:g})"


def parse_target(text: str, space: SearchSpace) -> tuple[str, float]:
    """Return the measure and the value that ``val_accuracy=0.99`` names.

    Raises:
        UserError: the text is no such target.
    """
    name, sign, number = text.partition("=")
    try:
        value = float(number) if sign and name.strip() else None
    except ValueError:
        value = None
    if value is None or math.isnan(value):
        raise UserError(f"--target {text}: allowed: MEASURE=NUMBER, e.g. {space.metric}=0.99")
    return name.strip(), value


def with_direction(limits: Limits, space: SearchSpace) -> Limits:
    """Return limits whose target has the direction that its measure has in a space.

    Raises:
        UserError: it is not known which values of the measure are better.
    """
    if limits.target is None:
        return limits
    name, value = limits.target
    mode = Measures.of_space(space).better(name)
    if mode is None:
        raise UserError(
            f"--target {name}={value:g}: it is not known whether higher values of {name} are "
            f"better; name {space.metric}, the objective, or declare it in measures"
        )
    return replace(limits, mode=mode)


def parse_cost(text: str) -> tuple[str, float]:
    """Return the resource and the hours that ``40cpuh`` or ``2.5gpuh`` names.

    Raises:
        UserError: the text is no such cost.
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)(cpu|gpu)h", text.strip().lower(), re.ASCII)
    if match is None or not float(match[1]):
        raise UserError(f"--max-cost {text}: not a cost; allowed: 40cpuh, 2.5gpuh")
    return match[2].upper(), float(match[1])
