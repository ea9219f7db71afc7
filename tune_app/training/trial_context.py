"""The context of a running trial: its threads, its checkpoints, and reporting to Ray Tune."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt
from ray import tune

from tune_app.storage.open_store import worker_store
from tune_app.study.objective import Objective
from tune_app.study.trial_record import RESULT_FILE, parse_records
from tune_app.training.checkpoint import find_checkpoints, load_newest, write_checkpoint
from tune_app.training.core_wait import CoreWait
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.memory import begin_trial
from tune_app.training.trial_files import (
    best_score,
    failed_checkpoint_deleted,
    full_disk_named,
    predictions_file,
    write_weights,
)

Run = TypeVar("Run")
LONGEST_END_SECONDS = 600


class TrialContext:
    """Connects the training of a trial with Ray Tune and with the study directory.

    Args:
        config: what Tune passed to the trial: its hyperparameters, and ``plan``.
        settings: the settings of the launch.

    Attributes:
        trial_key: identity of the trial over launches.
        milestones: epochs at which rows of the study end, ascending.
        rungs: epochs at which a search decides whether the trial goes on, ascending.
        directory: the trial's directory.
        store: the study's store.
    """

    def __init__(self, config: dict[str, Any], settings: LaunchSettings) -> None:
        begin_trial()
        # Ray gives up the next trial of a process if this one does not end in 2 s once it is
        # stopped. A machine that is busy takes longer to free the memory of a large model.
        os.environ.setdefault("TUNE_FUNCTION_THREAD_TIMEOUT_S", str(LONGEST_END_SECONDS))
        plan = config["plan"]
        self.trial_key: str = plan["trial_key"]
        self.milestones: tuple[int, ...] = tuple(plan["milestones"])
        self.rungs: tuple[int, ...] = tuple(plan.get("rungs", ()))
        self.store = worker_store(settings.study_dir)
        self.directory = self.store.root / plan["directory"]
        self._workers = int(plan.get("workers", 1))
        self._resume_from = [self.store.root / path for path in plan["resume_from"]]
        self._checkpoint_seconds = settings.checkpoint_seconds
        self._keeps_last, self._keeps_best = settings.keeps_last, settings.keeps_best
        self._best: float | None = None
        self._last_checkpoint = time.monotonic()
        self._objective = Objective(settings.metric, settings.mode)
        self._notes: dict[str, str] = {}
        self._warm_up = True
        self._core_wait = CoreWait()

    @property
    def last_epoch(self) -> int:
        """The last epoch of the trial."""
        return self.milestones[-1]

    def is_recorded(self) -> bool:
        """Return whether an earlier attempt in this launch has recorded the trial's last row.

        There is nothing left to train then. Tune counts a trial as done only when its function has
        returned; if the worker dies between the last report and that, Tune tries it again.
        """
        try:
            text = self.store.current_text(self.directory / RESULT_FILE)
        except (OSError, ValueError):
            return False
        records, _ = parse_records(text)
        return any(
            record.get("milestone") == self.last_epoch or record.get("status") == "diverged"
            for record in records
        )

    def num_threads(self) -> int:
        """Return the number of threads for the trial: its CPUs, rounded down, at least 1.

        Of several workers each rounds down its part, and the number is the sum.
        """
        resources = tune.get_context().get_trial_resources()
        cpus = resources.required_resources.get("CPU", 1) if resources else 1
        return self._workers * max(1, int(cpus / self._workers))

    def conditions(self) -> dict[str, Any]:
        """Return the conditions under which the times of the next row were measured.

        They are ``num_threads``; ``warm_up``, whether it is the first row of an attempt, which
        takes longer because it allocates memory and starts threads; and ``waited_share``, which
        share of their time the threads of this process waited for a core, where that is counted.
        """
        warm_up, self._warm_up = self._warm_up, False
        return {"num_threads": self.num_threads(), "warm_up": warm_up, **self._core_wait.note()}

    def restore(self, begin: Callable[[dict[str, Any] | None], Run]) -> tuple[int, Run]:
        """Begin from the newest usable checkpoint, or from scratch.

        In a retry, the checkpoints of this launch come first. The checkpoints of earlier launches
        follow, as far as the driver found that they agree with the recorded epochs. If one is
        damaged or does not fit, the next reported row has a note that names it.

        Args:
            begin: builds what the trial trains from a saved state, or from scratch if it gets
                None. If it raises an exception, it is called with the next state.

        Returns:
            (the epoch after which the state was saved, or 0; the result of ``begin``).

        Raises:
            WorkerDiedError: ``begin`` raised it. No state is to blame for that.
        """
        candidates = self.candidates()
        begun: list[Run] = []
        loaded = load_newest(
            self.store, candidates, self.trial_key, lambda state: begun.append(begin(state))
        )
        if loaded.note:
            self._notes["checkpoint_note"] = loaded.note
        return loaded.epoch, begun[0] if begun else begin(None)

    def candidates(self) -> list[Path]:
        """Return the checkpoints from which the trial may go on, the best first."""
        reported = tune.get_checkpoint()
        if reported is None:
            return list(self._resume_from)
        newest = self.directory / Path(reported.path).name
        self.store.refresh(self.directory)
        own = find_checkpoints(self.directory, self.trial_key)
        # Checkpoints have ascending numbers. One above the newest was saved but not reported.
        older = [index.path for index in own if index.path.name < newest.name]
        return [newest, *older, *self._resume_from]

    def checkpoint_due(self, metrics: Mapping[str, Any]) -> bool:
        """Return whether to save after an epoch: enough time has passed, and epochs follow.

        The state after the last epoch is saved only if it is to be kept, that at a rung always,
        and every state that is the best of this attempt so far if the best is to be kept.

        Args:
            metrics: the metrics of the epoch.
        """
        score = self._objective.score(metrics)
        if self._keeps_best and score is not None and self._objective.prefers(score, self._best):
            self._best = score
            return True
        if metrics["epoch"] in self.rungs:
            return True
        if metrics["epoch"] >= self.last_epoch:
            return self._keeps_last
        return time.monotonic() - self._last_checkpoint >= self._checkpoint_seconds

    def report(self, metrics: dict[str, Any], state: dict[str, Any] | None = None) -> None:
        """Report one epoch, and save the state after it if one is given.

        The row also gets its :meth:`conditions`.

        Args:
            metrics: the metrics of the epoch.
            state: the state to save as a checkpoint, or None.

        Raises:
            FullDiskError: the disk is full.
        """
        metrics = {**metrics, **self.conditions(), **self._notes}
        self._notes = {}
        if state is None:
            tune.report(metrics)
            return
        failing = failed_checkpoint_deleted(self.directory)
        with failing, tempfile.TemporaryDirectory() as directory:
            with full_disk_named(self.store, f"{directory} on {socket.gethostname()}"):
                write_checkpoint(Path(directory), self.trial_key, metrics["epoch"], state)
            with full_disk_named(self.store):
                tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(directory))
        self._last_checkpoint = time.monotonic()

    def save_predictions(
        self, epoch: int, predictions: npt.NDArray[Any], labels: npt.NDArray[Any]
    ) -> str:
        """Save the predicted and the true classes of the test images.

        Both are needed for McNemar's test between two trials.

        Args:
            epoch: the milestone.
            predictions: predicted classes, in the order of the test split, shape (N,).
            labels: true classes, shape (N,).

        Returns:
            The path of the file, relative to the trial's directory.

        Raises:
            FullDiskError: the disk is full.
        """
        name = f"predictions/epoch_{epoch}.npz"
        content = predictions_file(predictions, labels)
        with full_disk_named(self.store):
            self.store.write(self.directory / name, content)
        return name

    def save_best_weights(
        self,
        group: str,
        epoch: int,
        metrics: Mapping[str, Any],
        weights: Callable[[], dict[str, Any]],
    ) -> None:
        """Save the weights after ``epoch`` if no trial of the group has a better score yet.

        The score is the metric of the search space. If ``metrics`` lacks it, no weights are saved,
        and the next reported row has a note. If two trials look at the best score at the same time,
        both may save; housekeeping keeps only the best.

        Args:
            group: trials of a group compete for one file of weights.
            epoch: the milestone.
            metrics: the metrics of the milestone.
            weights: returns the weights.

        Raises:
            FullDiskError: the disk is full.
        """
        metric = self._objective.metric
        score = self._objective.score(metrics)
        if score is None:
            self._notes["weights_note"] = (
                f"no weights are kept: this row has no number {metric}, the metric of the space"
            )
            return
        best = best_score(self.store, group, metric)
        if best is not None and self._objective.prefers(best, score):
            return
        path = self.directory / "weights" / f"{group}.epoch_{epoch}.pt"
        with full_disk_named(self.store):
            write_weights(self.store, path, weights(), group=group, metric=metric, score=score)
