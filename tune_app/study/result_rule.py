"""Finds the result of a trial that ends when its function returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tune_app.study.objective import Objective


@dataclass(frozen=True)
class ResultRule:
    """Which row of a user's function is its result.

    Attributes:
        objective: the measure that selects.
        takes_best: whether the best row by the objective is the result; else the last one is.
    """

    objective: Objective
    takes_best: bool = False

    @staticmethod
    def of_study(study: Mapping[str, Any]) -> ResultRule:
        """Return the rule of ``study.json``."""
        return ResultRule(Objective.of_study(study), study["space"].get("result") == "best")

    def epoch_of_result(self, history: Mapping[int, Mapping[str, Any]]) -> int | None:
        """Return the epoch of the result, or None if no row has the objective.

        Rows without the objective are passed over: a function may evaluate now and then. If several
        rows are equally good, the earliest is the best.

        Args:
            history: epoch -> row.
        """
        result: int | None = None
        for epoch in sorted(epoch for epoch, row in history.items() if self.is_reported(row)):
            if result is None or self.replaces(history[epoch], history[result]):
                result = epoch
        return result

    def replaces(self, row: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
        """Return whether a row is the result in place of an earlier one."""
        before = self.objective.score(earlier) if self.takes_best else None
        if before is None:
            return True
        score = self.objective.score(row)
        return score is not None and self.objective.prefers(score, before)

    def is_reported(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row has the objective, be it NaN."""
        value = row.get(self.objective.metric)
        return isinstance(value, (int, float)) and not isinstance(value, bool)
