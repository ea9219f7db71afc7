"""Decides which of two results is better, by the metric and the mode of the search space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

OBJECTIVES = "objectives"
"""The entry of ``space`` in ``study.json``: measure -> mode. Only several objectives have one."""
HAS_OBJECTIVE = "has_objective"
"""The entry of ``space`` that is true if ``--objective`` named what selects, not the space."""


@dataclass(frozen=True)
class Objective:
    """The measure that selects.

    Attributes:
        metric: the name of the measure in a reported row.
        mode: ``"max"`` or ``"min"``.
    """

    metric: str
    mode: str

    def __str__(self) -> str:
        """Return the metric with its mode: ``val_loss (min)``."""
        return f"{self.metric} ({self.mode})"

    @staticmethod
    def all_of_study(study: Mapping[str, Any]) -> tuple[Objective, ...]:
        """Return every objective of ``study.json``, the one that picks first."""
        several = study["space"].get(OBJECTIVES)
        if not several:
            return (Objective.of_study(study),)
        return tuple(Objective(metric, mode) for metric, mode in several.items())

    @staticmethod
    def of_study(study: Mapping[str, Any]) -> Objective:
        """Return the objective of ``study.json``; missing values are the defaults of a space."""
        metric, mode = study["space"].get("metric"), study["space"].get("mode")
        return Objective(
            metric if isinstance(metric, str) else "val_accuracy", "min" if mode == "min" else "max"
        )

    def score(self, row: Mapping[str, Any]) -> float | None:
        """Return a row's value of the metric, or None if it is not a finite number."""
        return finite_number(row.get(self.metric))

    def prefers(self, score: float, other: float | None) -> bool:
        """Return whether ``score`` is better than ``other``. Any score is better than None."""
        if other is None:
            return True
        return score < other if self.mode == "min" else score > other


def scores(objectives: Sequence[Objective], row: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return a row's values of several objectives, or None if one is no finite number."""
    found = [objective.score(row) for objective in objectives]
    known = tuple(value for value in found if value is not None)
    return known if len(known) == len(found) else None


def finite_number(value: object) -> float | None:
    """Return a finite number, NumPy's included, as a float; None for anything else, also True."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
