"""What every trainable needs from the running trial: threads, its checkpoint, and reporting."""

from __future__ import annotations

import io
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from ray import tune

from tune_app.storage.open_store import worker_store
from tune_app.storage.storage_errors import FullDiskError, is_full_disk
from tune_app.study.objective import Objective
from tune_app.study.trial_directory import RESULT_FILE, parse_records
from tune_app.training.checkpoint import find_checkpoints, load_newest, write_checkpoint
from tune_app.training.memory import begin_trial

Run = TypeVar("Run")


@dataclass(frozen=True)
class TrialSettings:
    """What all trials of a launch share.

    Attributes:
        study_dir: the study directory, absolute, or the URL of one.
        checkpoint_seconds: least time between two checkpoints of a trial.
        metric: the measure that selects, as the search space says.
        mode: ``"max"`` or ``"min"``.
    """

    study_dir: str
    checkpoint_seconds: float = 30.0
    metric: str = "val_accuracy"
    mode: str = "max"


class TrialSession:
    """The side of a trial that talks to Ray Tune and to the study directory."""

    def __init__(self, config: dict[str, Any], settings: TrialSettings) -> None:
        begin_trial()
        plan = config["plan"]
        self.trial_key: str = plan["trial_key"]
        self.milestones: tuple[int, ...] = tuple(plan["milestones"])
        self._store = worker_store(settings.study_dir)
        self.directory = self._store.root / plan["directory"]
        self._resume_from = [self._store.root / path for path in plan["resume_from"]]
        self._checkpoint_seconds = settings.checkpoint_seconds
        self._last_checkpoint = time.monotonic()
        self._objective = Objective(settings.metric, settings.mode)
        self._notes: dict[str, str] = {}
        self._warm_up = True

    @property
    def last_epoch(self) -> int:
        """The epoch after which the trial is done."""
        return self.milestones[-1]

    def is_recorded(self) -> bool:
        """Return whether an earlier attempt of this launch has recorded all that the trial is for.

        Tune counts a trial as done only once its function has returned. If the worker dies between
        the last report and that moment, Tune tries the trial again.
        """
        try:
            text = self._store.current_text(self.directory / RESULT_FILE)
        except (OSError, ValueError):
            return False
        records, _ = parse_records(text)
        return any(
            record.get("milestone") == self.last_epoch or record.get("status") == "diverged"
            for record in records
        )

    def num_threads(self) -> int:
        """Return how many threads the trial may use: its whole CPUs, at least one."""
        resources = tune.get_context().get_trial_resources()
        cpus = resources.required_resources.get("CPU", 1) if resources else 1
        return max(1, int(cpus))

    def restore(self, begin: Callable[[dict[str, Any] | None], Run]) -> tuple[int, Run]:
        """Begin with the newest checkpoint that can be used, or from scratch.

        A retry of this launch uses what the trial has reported since; otherwise come the
        checkpoints of earlier launches that the driver found to agree with the recorded epochs.
        Those that are passed over, damaged or of another state, are named in the next reported row.

        Args:
            begin: makes what the trial trains from a saved state, or from scratch where it gets
                None. It raises if it cannot use the state, and is then called with another.

        Returns:
            (the epoch after which the state was saved or 0, what ``begin`` made).
        """
        candidates = list(self._resume_from)
        reported = tune.get_checkpoint()
        if reported is not None:
            newest = self.directory / Path(reported.path).name
            self._store.refresh(self.directory)
            own = find_checkpoints(self.directory, self.trial_key)
            # Their numbers ascend in a directory; one above was saved and never reported.
            older = [index.path for index in own if index.path.name < newest.name]
            candidates = [newest, *older, *candidates]
        begun: list[Run] = []
        loaded = load_newest(
            self._store, candidates, self.trial_key, lambda state: begun.append(begin(state))
        )
        if loaded.note:
            self._notes["checkpoint_note"] = loaded.note
        return loaded.epoch, begun[0] if begun else begin(None)

    def checkpoint_due(self, epoch: int) -> bool:
        """Return whether to save after ``epoch``: time has passed, and there is more to come."""
        waited = time.monotonic() - self._last_checkpoint
        return epoch < self.last_epoch and waited >= self._checkpoint_seconds

    def report(self, metrics: dict[str, Any], state: dict[str, Any] | None = None) -> None:
        """Report one epoch, together with the state after it if one is given.

        Beside the metrics stand ``num_threads`` and, since the first epoch of an attempt also
        allocates memory and starts threads, whether this one is that ``warm_up``.
        """
        metrics = {**metrics, "num_threads": self.num_threads(), "warm_up": self._warm_up}
        metrics |= self._notes
        self._warm_up, self._notes = False, {}
        if state is None:
            tune.report(metrics)
            return
        before = set(self.directory.glob("checkpoint_*"))
        try:
            with tempfile.TemporaryDirectory() as directory:
                with self._full_disk_named(f"{directory} on {socket.gethostname()}"):
                    write_checkpoint(Path(directory), self.trial_key, metrics["epoch"], state)
                with self._full_disk_named():
                    tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(directory))
        except (OSError, FullDiskError):
            # On a full disk the part that was written would take the place of other trials.
            for path in set(self.directory.glob("checkpoint_*")) - before:
                shutil.rmtree(path, ignore_errors=True)
            raise
        self._last_checkpoint = time.monotonic()

    def save_predictions(
        self, epoch: int, predictions: npt.NDArray[Any], labels: npt.NDArray[Any]
    ) -> str:
        """Save predicted and true classes of the test images, in test order.

        With both, McNemar's test on two trials needs nothing but their files.

        Returns:
            The name of the file, relative to the trial's directory.
        """
        name = f"predictions/epoch_{epoch}.npz"
        predicted, true = predictions.astype(np.uint8), labels.astype(np.uint8)
        content = io.BytesIO()  # NumPy and torch hide an error of the disk behind their own
        np.savez_compressed(content, predictions=predicted, labels=true)
        with self._full_disk_named():
            self._store.write(self.directory / name, content.getbuffer())
        return name

    def save_best_weights(
        self,
        group: str,
        epoch: int,
        metrics: Mapping[str, Any],
        weights: Callable[[], dict[str, Any]],
    ) -> None:
        """Save the weights after ``epoch`` if no trial of the group has a better score yet.

        The score is the metric of the search space; where ``metrics`` lacks it no weights are kept,
        and the next reported row says so. The group's best score so far is read from a small file.
        Two trials that look at the same moment may both save, never neither; housekeeping keeps the
        best at the end.
        """
        metric = self._objective.metric
        score = self._objective.score(metrics)
        if score is None:
            self._notes["weights_note"] = (
                f"no weights are kept: this row has no number {metric}, the metric of the space"
            )
            return
        record = self._store.root / "weights" / f"{group}.json"
        try:
            entry = json.loads(self._store.current_text(record))
            best = float(entry["score"]) if entry["metric"] == metric else None
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            best = None
        if not self._objective.prefers(score, best):
            return
        import torch

        path = self.directory / "weights" / f"{group}.epoch_{epoch}.pt"
        content = io.BytesIO()
        torch.save(weights(), content)
        entry = {"metric": metric, "score": score, "file": str(path.relative_to(self._store.root))}
        with self._full_disk_named():
            self._store.write(path, content.getbuffer())
            self._store.write(record, json.dumps(entry).encode())

    @contextmanager
    def _full_disk_named(self, where: str | None = None) -> Iterator[None]:
        """Raise a full disk as the error that ends the launch: a retry would meet it again.

        Args:
            where: what is written to, if the error does not say; by default the study.

        Raises:
            FullDiskError: in place of an ``OSError`` of that kind.
        """
        try:
            yield
        except OSError as error:
            if not is_full_disk(error):
                raise
            if where is not None:
                error.filename = error.filename or where
            raise FullDiskError(self._store.describe_error(error)) from error
