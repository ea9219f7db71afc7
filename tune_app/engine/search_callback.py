"""Tells a search what Tune tells of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.tune.callback import Callback
from ray.tune.experiment import Trial

from tune_app.engine.search_run import SearchRun


class SearchCallback(Callback):
    """Tells a search which trials have ended. It must come after the recorder.

    Args:
        run: the search.
        incomplete: names of trials that ended without a result, from the recorder.
    """

    def __init__(self, run: SearchRun, incomplete: Mapping[str, str]) -> None:
        self._run = run
        self._incomplete = incomplete

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Note that an attempt of a trial begins."""
        self._run.on_start(trial)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Tell the search that a trial has ended without an error."""
        self._run.on_end(trial, failed=trial.config["plan"]["name"] in self._incomplete)

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Tell the search that a trial has failed in its last attempt."""
        self._run.on_end(trial, failed=True)
