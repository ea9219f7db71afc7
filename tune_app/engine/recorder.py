"""Record what trials report in the study directory, row by row.

Ray's own loggers write into a session directory under /tmp, which Ray copies to the storage path
every few minutes; a killed driver would lose finished epochs. This callback appends each row to
``result.json`` at once, in the format that ``ExperimentAnalysis`` reads, and to the curves that
TensorBoard shows of the rows which the trial serves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback

from tune_app.engine import failures
from tune_app.engine.concurrency import Concurrency
from tune_app.engine.own_function import FAILURE
from tune_app.engine.row_curves import RowCurves
from tune_app.engine.trial_end import Written, why_incomplete
from tune_app.engine.trial_files import TrialFiles
from tune_app.storage.storage_errors import FullDiskError, StorageError
from tune_app.storage.store import StudyStore
from tune_app.study.result_rule import ResultRule
from tune_app.study.search_log import Event, append_event
from tune_app.study.stop import Stop
from tune_app.study.trial_directory import (
    ERROR_FILE,
    RETURNED_FILE,
    last_line,
)
from tune_app.study.trial_record import AT_RETURN, RESULT_FILE, record_problem
from tune_app.training.trainable import Trainable


class StudyRecorder(LoggerCallback):
    """Records every trial of one launch.

    Args:
        store: where the study is kept.
        factors: the parameters that TensorBoard's HParams tab lists -> the type of their column
            (see :func:`tune_app.engine.event_file.column_types`).
        study: ``study.json``. Its measures and configurations give TensorBoard's curves and runs
            their names, and its metric finds the result of a user's function.
        trainable: what the trials run.
        stops: Tune's id of a trial -> why it is ended before its last milestone.

    Attributes:
        incomplete: name of a trial that returned before its last milestone -> what it reported
            instead. The trainables of this package never do that.
        ended: names of the trials that have ended, with or without an error.
        notes: one line for each reported value that could not be recorded.
        failure: why the study directory can no longer be written. Tune ends the launch when this
            callback raises, but wraps the error in one of its own.
    """

    def __init__(
        self,
        store: StudyStore,
        factors: Mapping[str, type],
        study: Mapping[str, Any],
        trainable: Trainable,
        stops: Mapping[str, Stop] | None = None,
    ) -> None:
        self._store = store
        self._stops = {} if stops is None else stops
        self._rule = ResultRule.of_study(study)
        self._is_own = trainable.is_own
        self._files = TrialFiles(store, trainable.keep_checkpoints, self._rule.objective)
        self._curves = RowCurves(store, study, trainable, factors)
        self._concurrency = Concurrency()
        self._written: dict[str, Written] = {}
        self.incomplete: dict[str, str] = {}
        self.ended: set[str] = set()
        self.notes: list[str] = []
        self.failure: StorageError | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what cannot be pickled: Tune writes its callbacks into its own state."""
        return {**self.__dict__, "_curves": None, "_store": None, "_files": None}

    def log_trial_start(self, trial: Trial) -> None:
        """Write the trial's ``params.json``."""
        self._concurrency.start(trial.trial_id)
        self._written.setdefault(trial.trial_id, Written()).begin()
        with self._storage():
            self._files.write_params(trial)

    def log_trial_result(self, iteration: int, trial: Trial, result: dict[str, Any]) -> None:
        """Append one reported row to ``result.json`` and its numbers to TensorBoard's curves.

        A retry that starts from an older checkpoint repeats rows of the attempt before. They are
        left out, but for a user's function: its rows may differ, and those of the attempt that goes
        on count.
        """
        if self.refuses(trial.trial_id):  # Tune stops the trial at the row after the refused one
            return
        written = self._written.setdefault(trial.trial_id, Written())
        row, notes = _recordable(result)
        notes += [str(row["report_note"])] if "report_note" in row else []
        self.notes += [note for note in notes if note not in self.notes]
        written.error, written.refused = str(row.get(FAILURE, "")), record_problem(row)
        if written.error or written.refused:
            return
        at_once = self._concurrency.most_at_once(trial.trial_id, str(row.get("node_ip")))
        if self._is_own and written.begins_again:
            written.replace_from(row["epoch"])
        elif not self._is_own and (row["epoch"], row.get("milestone")) in written.earlier:
            written.repeats = True
            return
        row["num_concurrent_trials"] = at_once
        if written.repeats:  # the time since the row before is not the time of this epoch
            row["warm_up"] = True
            written.repeats = False
        with self._storage():
            self._store.append_line(self._files.directory(trial) / RESULT_FILE, json.dumps(row))
            written.add(row, self._rule)
            self._curves.add(trial, row)

    def append_event(self, event: Event) -> None:
        """Add an event to the log of the study's search."""
        with self._storage():
            append_event(self._store, event)

    def refuses(self, trial_id: str) -> bool:
        """Return whether Tune is to stop a trial: its rows cannot be recorded, or it has failed."""
        written = self._written.get(trial_id)
        return written is not None and bool(written.refused or written.error)

    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        """Keep the trial's error or tidy up after it, and end its rows in TensorBoard."""
        written = self._written.pop(trial.trial_id, Written())
        self._concurrency.end(trial.trial_id)
        self.ended.add(str(trial.config["plan"]["name"]))
        stop = self._stops.get(trial.trial_id)
        if failed and stop is None:
            self._end_on_full_disk(trial)
        with self._storage():
            if stop is not None:
                self._files.keep_stop(trial, stop, written)
            elif failed:
                self._files.keep_error(trial)
            else:
                self._files.forget_errors(trial)
                self._check_complete(trial, written)
            name = trial.config["plan"]["name"]
            is_complete = stop is None and not failed and name not in self.incomplete
            self._curves.end(trial, written.last, is_complete=is_complete)

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """End the launch instead of retrying a trial that met a full disk."""
        self._end_on_full_disk(trial)

    def _end_on_full_disk(self, trial: Trial) -> None:
        """End the launch if the disk was full in the trial's latest attempt.

        Raises:
            FullDiskError: it was.
        """
        problem = failures.full_disk(failures.last_attempt(trial))
        if problem is not None:
            self.failure = self.failure or FullDiskError(problem)
            raise self.failure

    def _check_complete(self, trial: Trial, written: Written) -> None:
        """Record why a trial that has ended has no result, or delete what a complete one leaves.

        Args:
            trial: a trial that has ended without an error.
            written: what was recorded of it. Tune's ``trial.last_result`` may be older: it is set
                back when a trial is restored from a checkpoint.
        """
        plan, directory = trial.config["plan"], self._files.directory(trial)
        reason, text = last_line(written.error), written.error
        if not text:
            reason = why_incomplete(plan, written, self._rule, is_own=self._is_own)
            text = f"{reason}\n"
        if reason:
            self.incomplete[plan["name"]] = reason
            self._store.write(directory / ERROR_FILE, text.encode())
            return
        if plan["milestones"] == [AT_RETURN]:
            content = json.dumps({"epoch": written.last.get("epoch")})
            self._store.write(directory / RETURNED_FILE, content.encode())
        if written.last.get("status") != "diverged":
            self._files.prune(trial, written)

    @contextmanager
    def _storage(self) -> Iterator[None]:
        """Remember the first failure of the study directory, and write nothing after it."""
        if self.failure is not None:
            raise self.failure
        try:
            with self._store.guarded():
                self._store.check_held()
                yield
        except StorageError as error:
            self.failure = error
            raise


def _recordable(result: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a reported row that JSON can hold.

    Args:
        result: what Tune received, with its own entries. The configuration is left out, because
            ``params.json`` holds it.

    Returns:
        The row, and one note for each value that JSON cannot hold.
    """
    row, notes = {}, []
    for key, value in result.items():
        if key == "config":
            continue
        plain = value.item() if getattr(value, "ndim", None) == 0 else value
        try:
            assert isinstance(key, str)
            json.dumps(plain)
        except (AssertionError, TypeError, ValueError, RecursionError):
            notes.append(f"{key!r} was reported as {type(value).__name__} and is not recorded")
        else:
            row[key] = plain
    return row, notes
