"""Hands planned trials to Ray Tune one after the other, in the plan's order.

Tune's own grid expansion knows neither which rows are finished nor which share a trial, so the
planner expands and this searcher only deals out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.tune.search import Searcher


class PlannedTrials(Searcher):
    """Deals out complete configurations.

    Args:
        configs: what each trial's function receives.
    """

    def __init__(self, configs: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        self._configs = list(configs)
        self._next = 0

    def suggest(self, trial_id: str) -> Any:
        """Return the next trial's configuration, or ``Searcher.FINISHED``."""
        if self._next == len(self._configs):
            return Searcher.FINISHED
        self._next += 1
        return self._configs[self._next - 1]

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Do nothing: the plan does not depend on results."""

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a study resumes from its ledger, not from Tune's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing, as in :meth:`save`."""
