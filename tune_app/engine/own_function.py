"""Runs a user's function or class as a trial of a study.

The function runs as it is: it calls ``tune.report`` and ``tune.get_checkpoint`` as in any script of
Ray Tune. What it reports becomes rows of the study; its checkpoints are found again in later
launches; its prints and its traceback are kept in the trial's directory.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tune_app.engine.own_class import run_class
from tune_app.engine.own_process import (
    captured_output,
    ends_forks,
    fixed_threads,
    prepare_process,
    seed_generators,
)
from tune_app.engine.ray_internals import own_reports
from tune_app.engine.user_code import Shipped, ship
from tune_app.storage.storage_errors import FullDiskError, is_full_disk
from tune_app.study.objective import Objective
from tune_app.study.trial_directory import OUTPUT_FILE
from tune_app.study.trial_record import AT_RETURN, record_problem
from tune_app.study.user_error import error_text, reason_of
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.own_checkpoint import Found, newest_own, own_index
from tune_app.training.own_rows import OwnRows, returned_row
from tune_app.training.trainable import Trainable
from tune_app.training.trial_context import TrialContext
from tune_app.training.trial_files import failed_checkpoint_deleted, full_disk_named

FAILURE = "tune_app_failure"
"""The key of a row that reports the error of a user's function: the text of ``error.txt``."""
_MAY_RETURN = "allowed: a dict of results, or the objective alone, as a number"


class Stopped(BaseException):
    """Tune stops the trial. It passes through ``except Exception`` of a user's function."""


def own_function(trainable: Trainable) -> Callable[..., None]:
    """Return the function that Tune calls for a user's function or class."""
    assert not isinstance(trainable.function, str)
    shipped = ship(trainable.function)
    takes_data = trainable.uses_images

    def train(config: dict[str, Any], *, data: Mapping[str, Any], settings: LaunchSettings) -> None:
        trial = TrialContext(config, settings)
        if not trial.is_recorded():
            OwnTrial(trial, config, settings).run(shipped, data if takes_data else None)

    train.__name__ = train.__qualname__ = trainable.name
    return train


@dataclass
class OwnTrial:
    """One attempt of a trial that runs a user's function.

    Attributes:
        trial: the trial.
        config: what Tune passed to it.
        settings: the settings of the launch.
    """

    trial: TrialContext
    config: dict[str, Any]
    settings: LaunchSettings

    def __post_init__(self) -> None:
        objective = Objective(self.settings.metric, self.settings.mode)
        given = {key: value for key, value in self.config.items() if key != "plan"}
        milestones = tuple(m for m in self.trial.milestones if m != AT_RETURN)
        self.given = given
        self.rows = OwnRows(milestones, objective, frozenset(given))
        self._note = self._refused = ""
        self._is_stopped = self._goes_on = False

    def run(self, shipped: Shipped, data: Mapping[str, Any] | None) -> None:
        """Call the user's function, and report its error if it raises one.

        Raises:
            SystemExit: Tune has stopped the trial. Whatever is reported then waits for ever.
        """
        from ray import tune

        trial, store = self.trial, self.trial.store
        with ExitStack() as stack:
            found = stack.enter_context(newest_own(store, trial.candidates(), trial.trial_key))
            self._note = found.note
            if found.saved is not None:
                self._note = (
                    "its function starts from scratch, because it did not ask for its checkpoint "
                    f"of epoch {found.saved.epoch} with tune.get_checkpoint()"
                )
            prepare_process()
            stack.enter_context(captured_output(store, trial.directory / OUTPUT_FILE))
            checkpoint = found.folder and tune.Checkpoint.from_directory(str(found.folder))
            go_on = partial(self.go_on, found)
            stack.enter_context(own_reports(self._handle, checkpoint, go_on))
            try:
                work = shipped.load()
                stack.enter_context(fixed_threads(trial.num_threads()))
                seed_generators(self.config["seed"], with_torch=shipped.uses_torch)
                with ends_forks():
                    self._call(work, data, found)
                if not self.rows.has_begun and not self._goes_on:
                    self._refused = "it returned without a report; report with tune.report({...})"
            except Stopped:
                pass
            except BaseException as error:  # also KeyboardInterrupt and SystemExit
                self._fail(error)
            if self._refused:
                self._tell_failure(f"{self._refused}\n")
            if self._is_stopped:
                sys.exit(0)

    def go_on(self, found: Found) -> None:
        """Count the epochs from a checkpoint: the user's function or class has taken it.

        A function that saves checkpoints and never asks for one begins with its first epoch, and so
        has one that asks after its first report.
        """
        if found.saved is not None and not self.rows.has_begun and not self._goes_on:
            self._goes_on, self._note = True, found.note
            self.rows.epoch, self.rows.shift = found.saved.epoch, found.saved.shift

    def _call(self, work: Callable[..., Any], data: Mapping[str, Any] | None, found: Found) -> None:
        given = dict(self.given)
        if inspect.isclass(work):
            run_class(work, given, self, found)
            return
        arguments = [given] if data is None else [given, self._parts(data)]
        output = work(*arguments)
        if inspect.isgenerator(output):
            for value in output:
                self._tell_value(value, "yielded")
        elif isinstance(output, Mapping) or not (self.rows.measures or self._goes_on):
            self._tell_value(output, "returned")  # beside reports `return 0` is no result

    def _tell_value(self, value: Any, how: str) -> None:
        """Report what the function returned or yielded, unless it is None."""
        if value is None:
            return
        row = returned_row(value, self.settings.metric)
        if row is None:
            self._refused = f"it {how} a value of type {type(value).__name__}; {_MAY_RETURN}"
            raise Stopped
        self.tell(row)

    def _parts(self, data: Mapping[str, Any]) -> Any:
        """Return the data of the configuration, split by its seed."""
        name = self.config.get("dataset") or next(iter(data))
        return data[name].at_seed(self.config["seed"]).parts()

    def tell(self, metrics: Mapping[Any, Any], checkpoint: Any = None) -> None:
        """Report a row, as the user's function does."""
        from ray import tune

        tune.report(dict(metrics), checkpoint=checkpoint)

    def is_rung(self, row: Mapping[str, Any]) -> bool:
        """Return whether a search may stop the trial at a row that a class is about to report."""
        return self.rows.reaches(self.trial.rungs, row)

    def _handle(
        self, report: Callable[..., None], metrics: Mapping[Any, Any], checkpoint: Any
    ) -> None:
        """Report a row of the study in place of what the user's function reports."""
        if not isinstance(metrics, Mapping):
            raise TypeError(f"tune.report takes a dict of results, not {metrics!r:.60}")
        if self._is_stopped:
            raise Stopped
        if FAILURE in metrics:
            row = dict(metrics)
        elif self._refused:
            raise Stopped
        elif self.rows.is_complete:  # reports after the last milestone change nothing
            return
        else:
            row = {**self.rows.row(metrics), **self._notes()}
            if problem := record_problem(row):
                self._refused = f"it reported a row that cannot be recorded: {problem}"
                raise Stopped
        try:
            with (
                full_disk_named(self.trial.store),
                failed_checkpoint_deleted(self.trial.directory),
                self._marked(checkpoint) as saved,
            ):
                report(row, checkpoint=saved)
        except SystemExit:
            self._is_stopped = True
            raise Stopped from None

    def _notes(self) -> dict[str, Any]:
        """Return what the study adds to a row."""
        notes = self.trial.conditions()
        notes |= {"checkpoint_note": self._note} if self._note else {}
        self._note = ""
        return notes

    @contextmanager
    def _marked(self, checkpoint: Any) -> Iterator[Any]:
        """Return a checkpoint with its index, or None for None. The user's folder stays as it is.

        It may be the folder of an earlier checkpoint that the function reports again.
        """
        from ray import tune

        if checkpoint is None:
            yield None
            return
        trial, rows = self.trial, self.rows
        with (
            checkpoint.as_directory() as folder,
            own_index(Path(folder), trial.trial_key, rows.epoch, rows.shift),
        ):
            yield tune.Checkpoint.from_directory(folder)

    def _fail(self, error: BaseException) -> None:
        """Report an error of the user's function.

        Raises:
            FullDiskError: the disk is full, which ends the launch.
            BaseException: the error itself, if the launch tries such trials again.
        """
        if isinstance(error, OSError) and is_full_disk(error):
            with full_disk_named(self.trial.store):
                raise error
        if isinstance(error, FullDiskError):
            raise error
        if self.settings.retries_errors:
            if isinstance(error, Exception):
                raise error
            raise RuntimeError(reason_of(error)) from error  # Tune takes a SystemExit for an end
        self._tell_failure(error_text(error))

    def _tell_failure(self, text: str) -> None:
        """Report why the trial has failed; the last line of the text is the reason."""
        with suppress(Stopped):
            self.tell({FAILURE: text, "epoch": max(1, self.rows.epoch)})
