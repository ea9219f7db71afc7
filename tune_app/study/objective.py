"""Decides which of two results is better, by the metric and the mode of the search space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any


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


def finite_number(value: object) -> float | None:
    """Return a finite number, NumPy's included, as a float; None for anything else, also True."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
