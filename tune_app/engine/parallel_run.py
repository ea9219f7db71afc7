"""Trains the model of one trial in several worker processes.

The trial itself, which Tune runs, sends its workers from epoch to epoch and reports what they
return; so checkpoints, seeds, limits, retries and the ledger are those of every trial.

Ray Train's ``TorchTrainer`` would reserve the resources of its workers itself, besides those that
Tune reserves for the trial. Two trials could then wait for each other, and a trial would not be
where the plan of the study has it. Ray Train also keeps checkpoints in a place of its own.
Therefore the workers are actors in the trial's own placement group, which is Tune's way for
trainables that start further workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tune_app.data.split_data import SplitData
from tune_app.engine.user_code import Shipped
from tune_app.engine.worker_team import Team, packed, unpacked
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.model_family import ModelFamily

_SUMMED = ("cpu_seconds", "peak_memory_mb")
"""Measures of a process, of which a row has the sum over the workers."""


def with_workers(training: Callable[..., None], family: Shipped | None) -> Callable[..., None]:
    """Return a training that divides a trial among workers where its plan says so.

    Args:
        training: the shipped training.
        family: the user's functions of it, or None.
    """

    def train(config: dict[str, Any], *, data: Mapping[str, Any], settings: LaunchSettings) -> None:
        if config["plan"].get("workers", 1) == 1:
            training(config, data=data, settings=settings)
            return
        with Team(config, settings, family) as team:
            training(config, data=data, settings=settings, new_run=partial(ParallelRun, team))

    # A family of models is an object, which has no name.
    train.__name__ = train.__qualname__ = getattr(training, "__name__", "train")
    return train


class ParallelRun:
    """The training of one model by a team, as :class:`tune_app.training.classifier.Run`.

    Args:
        team: the workers.
        config: the trial's complete configuration.
        data: the data set.
        last_epoch: the last epoch.
        family: the user's functions; the workers load their own.
    """

    def __init__(
        self,
        team: Team,
        config: dict[str, Any],
        data: SplitData,
        last_epoch: int,
        family: ModelFamily,
    ) -> None:
        from tune_app.training.task import Task

        self._team = team
        self._cpu_seconds = 0.0
        self.task = Task(data, family.loss, float(config.get("label_smoothing", 0.0)))
        self.cost: Mapping[str, int] = team.begin(config, data, last_epoch)

    def train_epoch(self, epoch: int) -> dict[str, Any]:
        """Train on every training item once; return the metrics of the epoch."""
        found: list[dict[str, Any]] = self._team.call("train_epoch", epoch)
        metrics = found[0] | {name: sum(row[name] for row in found) for name in _SUMMED}
        self._cpu_seconds = metrics["cpu_seconds"]
        return metrics

    def test(self) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
        """Return (test metrics, predictions) on the test split."""
        outcome: tuple[dict[str, Any], np.ndarray[Any, Any]] = self._team.call("test")[0]
        return outcome

    def weights(self) -> dict[str, Any]:
        """Return the weights as the plain model takes them."""
        return self._of_the_first("weights")

    def state(self) -> dict[str, Any]:
        """Return everything that a resumed trial needs."""
        return {**self._of_the_first("state"), "cpu_seconds": self._cpu_seconds}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` returned."""
        self._cpu_seconds = float(state["cpu_seconds"])
        of_each = {**state, "cpu_seconds": self._cpu_seconds / self._team.size}
        self._team.call("load_packed", packed(of_each))

    def _of_the_first(self, method: str) -> dict[str, Any]:
        """Return what is the same in all workers."""
        return unpacked(self._team.call("packed", method, num_workers=1)[0])
