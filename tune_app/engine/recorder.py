"""Writes what trials report straight into the study directory, as it is reported.

Ray's own loggers write into a session directory under /tmp that is copied to the storage path only
every few minutes, so a killed driver would take finished epochs with it. This callback appends each
row to ``result.json`` at once, in the format that ``ExperimentAnalysis`` reads, and writes the
TensorBoard events beside it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback

from tune_app.engine import failures
from tune_app.engine.concurrency import Concurrency
from tune_app.engine.event_file import EventFile
from tune_app.storage.storage_errors import FullDiskError, StorageError
from tune_app.storage.store import StudyStore
from tune_app.study.trial_directory import ERROR_FILE, PARAMS_FILE
from tune_app.study.trial_record import RESULT_FILE, record_problem
from tune_app.training.checkpoint import remove_checkpoints

EVENTS_SECONDS = 30.0
"""Least time between two writes of a running trial's curves to a URL."""


class StudyRecorder(LoggerCallback):
    """Records every trial of one launch.

    Args:
        store: where the study is kept.
        factors: the parameters that TensorBoard's HParams tab lists.

    Attributes:
        incomplete: name of a trial that ended by itself before its last milestone -> what it
            reported instead. A trainable of the package never does.
        ended: names of the trials that came to their end, well or not.
        notes: what was left out of what trials reported, one line for each name.
        failure: why the study directory can no longer be written. Tune ends the launch when this
            callback raises, but wraps what it raised in an error of its own.
    """

    def __init__(self, store: StudyStore, factors: tuple[str, ...]) -> None:
        self._store = store
        self._factors = factors
        self._events: dict[str, EventFile] = {}
        self._events_pushed: dict[str, float] = {}
        self._concurrency = Concurrency()
        self._refused: dict[str, str] = {}
        self.incomplete: dict[str, str] = {}
        self.ended: set[str] = set()
        self.notes: list[str] = []
        self.failure: StorageError | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what stays in this process when Tune pickles its callbacks."""
        return {**self.__dict__, "_events": {}, "_store": None}

    def log_trial_start(self, trial: Trial) -> None:
        """Write the trial's ``params.json``."""
        self._concurrency.start(trial.trial_id)
        with self._storage():
            self._write_params(trial)

    def log_trial_result(self, iteration: int, trial: Trial, result: dict[str, Any]) -> None:
        """Append one reported row to ``result.json`` and its numbers to the event file."""
        row = self._recordable(result)
        problem = record_problem(row)
        if problem:
            self._refused.setdefault(trial.trial_id, problem)
            return
        at_once = self._concurrency.most_at_once(trial.trial_id, str(row.get("node_ip")))
        row["num_concurrent_trials"] = at_once
        line = json.dumps(row)
        with self._storage():
            self._store.append_line(self._directory(trial) / RESULT_FILE, line)
            events = self._event_file(trial)
            events.add_scalars(scalars(row), row["epoch"])
            now = time.monotonic()
            if now >= self._events_pushed.get(trial.trial_id, -math.inf) + EVENTS_SECONDS:
                self._events_pushed[trial.trial_id] = now
                self._store.push(events.path)

    def refuses(self, trial_id: str, _result: Mapping[str, Any]) -> bool:
        """Return whether a trial has reported what cannot be recorded: Tune then stops it."""
        return trial_id in self._refused

    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        """Close the event file with the trial's factors and final metrics; keep its error."""
        self._concurrency.end(trial.trial_id)
        self.ended.add(str(trial.config["plan"]["name"]))
        if failed:
            self._end_on_full_disk(trial)
        with self._storage():
            if failed:
                # A trial whose worker never came up has not begun, but has failed all the same.
                if not (self._directory(trial) / PARAMS_FILE).exists():
                    self._write_params(trial)
                self._keep_error(trial)
            else:
                error_file = self._directory(trial) / ERROR_FILE
                if error_file.exists():
                    self._store.remove([error_file])
                if trial.error_file is not None:  # an earlier attempt's, which Tune would copy back
                    Path(trial.error_file).unlink(missing_ok=True)
                self._check_complete(trial, trial.last_result or {})
            self._events_pushed.pop(trial.trial_id, None)
            events = self._events.pop(trial.trial_id, None)
            if events is not None:
                events.add_hparams(self._hparams(trial), scalars(trial.last_result or {}))
                events.close()
                self._store.push(events.path)

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """See an attempt of a trial that failed and is about to be tried again."""
        self._end_on_full_disk(trial)

    def _end_on_full_disk(self, trial: Trial) -> None:
        """End the launch if a trial could not be saved because the disk is full.

        Raises:
            FullDiskError: it could not.
        """
        problem = failures.full_disk(failures.last_attempt(trial))
        if problem is not None:
            self.failure = self.failure or FullDiskError(problem)
            raise self.failure

    def _check_complete(self, trial: Trial, last: dict[str, Any]) -> None:
        """Remove the checkpoints of a trial that has done its work; fail one that has not."""
        plan = trial.config["plan"]
        refused = self._refused.pop(trial.trial_id, None)
        if refused is not None:
            reason = f"it reported a row that cannot be recorded: {refused}"
        elif last.get("milestone") == plan["milestones"][-1]:
            return remove_checkpoints(self._store, self._directory(trial))
        elif last.get("status") == "diverged":
            return None
        else:
            reason = (
                f"it ended after epoch {last.get('epoch', 0)} without reporting milestone "
                f"{plan['milestones'][-1]}, which its rows need"
            )
        self.incomplete[plan["name"]] = reason
        self._store.write(self._directory(trial) / ERROR_FILE, f"{reason}\n".encode())
        return None

    def _recordable(self, result: Mapping[Any, Any]) -> dict[str, Any]:
        """Return what JSON has words for of a reported row, and note what it has none for."""
        row = {}
        for key, value in result.items():
            if key == "config":  # it is in params.json
                continue
            plain = value.item() if getattr(value, "ndim", None) == 0 else value
            try:
                assert isinstance(key, str)
                json.dumps(plain)
            except (AssertionError, TypeError, ValueError, RecursionError):
                note = f"{key!r} was reported as {type(value).__name__} and is not recorded"
                if note not in self.notes:
                    self.notes.append(note)
                continue
            row[key] = plain
        return row

    @contextmanager
    def _storage(self) -> Iterator[None]:
        """Remember the first failure of the study directory; after it nothing is written."""
        if self.failure is not None:
            raise self.failure
        try:
            with self._store.guarded():
                self._store.check_held()
                yield
        except StorageError as error:
            self.failure = error
            raise

    def _write_params(self, trial: Trial) -> None:
        content = json.dumps(dict(trial.config), indent=1).encode()
        self._store.write(self._directory(trial) / PARAMS_FILE, content)

    def _keep_error(self, trial: Trial) -> None:
        """Write the latest attempt's error with its reason as the last line.

        Tune copies its own file of that name over this one when it saves its state, so that one
        gets the same content.
        """
        attempt = failures.last_attempt(trial)
        content = f"{attempt}\n\n{failures.reason(attempt)}\n".lstrip().encode()
        if trial.error_file is not None:
            Path(trial.error_file).write_bytes(content)
        self._store.write(self._directory(trial) / ERROR_FILE, content)

    def _hparams(self, trial: Trial) -> dict[str, Any]:
        factors = {name: trial.config[name] for name in self._factors if name in trial.config}
        factors["seed"] = trial.config["seed"]
        return {k: v if isinstance(v, (bool, int, float)) else str(v) for k, v in factors.items()}

    def _event_file(self, trial: Trial) -> EventFile:
        if trial.trial_id not in self._events:
            self._events[trial.trial_id] = EventFile(self._directory(trial))
        return self._events[trial.trial_id]

    def _directory(self, trial: Trial) -> Path:
        directory = self._store.root / str(trial.config["plan"]["directory"])
        directory.mkdir(parents=True, exist_ok=True)
        return directory


_BOOKKEEPING = {
    "epoch",
    "milestone",
    "timestamp",
    "training_iteration",
    "pid",
    "done",
    "iterations_since_restore",
    "time_since_restore",
    "time_this_iter_s",
    "time_total_s",
    "timesteps_total",
    "episodes_total",
    "num_test",
    "num_threads",
    "num_concurrent_trials",
}


def scalars(row: dict[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a row that are measurements."""
    return {
        key: float(value)
        for key, value in row.items()
        if key not in _BOOKKEEPING
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    }
