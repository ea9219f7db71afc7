"""Decides which of two results is better, by the metric and the mode of the search space."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
        value = row.get(self.metric)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            return float(value) if math.isfinite(value) else None
        except OverflowError:
            return None

    def missing_from(self, rows: Collection[Mapping[str, Any]]) -> str:
        """Return that no result has the metric, and which measures it has; else an empty text.

        Args:
            rows: the reported rows of finished milestones; without any, nothing is missing.
        """
        if not rows or any(self.score(row) is not None for row in rows):
            return ""
        numbers = {
            name: None
            for row in rows
            for name, value in row.items()
            if name.startswith(("val_", "train_", "test_")) and isinstance(value, (int, float))
        }
        reported = f"reported are {', '.join(sorted(numbers))}" if numbers else "no measure is"
        return (
            f"no result has {self.metric}, the metric of the search space, so nothing can be "
            f"picked; {reported}"
        )

    def prefers(self, score: float, other: float | None) -> bool:
        """Return whether ``score`` is better than ``other``. Any score is better than None."""
        if other is None:
            return True
        return score < other if self.mode == "min" else score > other
