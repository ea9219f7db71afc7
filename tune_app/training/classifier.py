"""Train a classifier or a regression from scratch, reporting every epoch.

A trial's result depends only on its configuration and seed: the seed determines the initial
weights, (seed, epoch) determines the order of the items and every random number of an epoch, and
the number of threads does not depend on other trials. Therefore a resumed trial gives the same
numbers as an uninterrupted one, and so does a trial that serves several milestones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch

from tune_app.data.split_data import SplitData
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.memory import hide_gpus
from tune_app.training.model_family import SHIPPED, ModelFamily
from tune_app.training.network import model_name
from tune_app.training.task import Task
from tune_app.training.trial_context import TrialContext


class Run(Protocol):
    """The training of one model, in this process (:class:`ClassifierRun`) or in several."""

    task: Task
    cost: Mapping[str, int]

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` returned."""

    def train_epoch(self, epoch: int) -> dict[str, Any]:
        """Train on every training item once; return the metrics of the epoch."""

    def test(self) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
        """Return (test metrics, predictions) on the test split."""

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights as the plain model takes them."""

    def state(self) -> dict[str, Any]:
        """Return everything that a resumed trial needs."""


def train_classifier(
    config: dict[str, Any],
    *,
    data: Mapping[str, SplitData],
    settings: LaunchSettings,
    family: ModelFamily = SHIPPED,
    new_run: Callable[[dict[str, Any], SplitData, int, ModelFamily], Run] = ClassifierRun,
) -> None:
    """Run one trial: train up to its last milestone, and report every epoch to Ray Tune.

    Args:
        config: what Tune passed to the trial.
        data: the data sets by their names.
        settings: the settings of the launch.
        family: a user's models, loss, optimizers, schedules and augmentation.
        new_run: returns the training from scratch, of (config, data, last epoch, family).
    """
    trial = TrialContext(config, settings)
    if trial.is_recorded():
        return
    if "GPU" not in config["plan"]["resources"]:
        hide_gpus()
    torch.set_num_threads(trial.num_threads())
    items = data[config["dataset"]].at_seed(config["seed"])

    def begin(state: dict[str, Any] | None) -> Run:
        run = new_run(config, items, trial.last_epoch, family)
        if state is not None:
            run.load_state(state)
        return run

    last, run = trial.restore(begin)
    for epoch in range(last + 1, trial.last_epoch + 1):
        metrics = run.train_epoch(epoch)
        if epoch in trial.milestones and metrics["status"] == "ok":
            test, predictions = run.test()
            metrics |= {**test, **run.cost, "milestone": epoch}
            if run.task.has_classes:
                labels = items.labels[items.test]
                metrics["predictions_file"] = trial.save_predictions(epoch, predictions, labels)
            group = f"{items.name}-{model_name(config, family)}"
            trial.save_best_weights(group, epoch, metrics, run.weights)
        due = trial.checkpoint_due(metrics)
        trial.report(metrics, run.state() if due else None)
        if metrics["status"] == "diverged":
            return
