"""The files that the driver writes into a trial's directory, beside its rows and curves."""

from __future__ import annotations

import json
from pathlib import Path

from ray.tune.experiment import Trial

from tune_app.engine import failures
from tune_app.engine.trial_end import Written
from tune_app.storage.store import StudyStore
from tune_app.study.objective import Objective
from tune_app.study.stop import STOPPED_FILE, Stop
from tune_app.study.trial_directory import ERROR_FILE, PARAMS_FILE
from tune_app.training.own_checkpoint import prune_checkpoints


class TrialFiles:
    """Writes and tidies the directories of trials.

    Args:
        store: where the study is kept.
        keep: which checkpoints stay after a trial has ended, as the trainable says.
        objective: the measure that selects.
    """

    def __init__(self, store: StudyStore, keep: str | int, objective: Objective) -> None:
        self._store = store
        self._keep = keep
        self._objective = objective

    def directory(self, trial: Trial) -> Path:
        """Return the directory of a trial, which is made if it is not there yet."""
        directory = self._store.root / str(trial.config["plan"]["directory"])
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def write_params(self, trial: Trial, *, only_once: bool = False) -> None:
        """Write the trial's ``params.json``.

        Args:
            trial: the trial.
            only_once: whether to leave a file that is there. A trial whose worker never started has
                none yet.
        """
        path = self.directory(trial) / PARAMS_FILE
        if not only_once or not path.exists():
            self._store.write(path, json.dumps(dict(trial.config), indent=1).encode())

    def keep_error(self, trial: Trial) -> None:
        """Write the latest attempt's error with its reason as the last line.

        Tune has a file of the same name and copies it over this one when it saves its state.
        Therefore Tune's file gets the same content.
        """
        attempt = failures.last_attempt(trial)
        content = f"{attempt}\n\n{failures.reason(attempt)}\n".lstrip().encode()
        if trial.error_file is not None:
            Path(trial.error_file).write_bytes(content)
        self.write_params(trial, only_once=True)
        self._store.write(self.directory(trial) / ERROR_FILE, content)

    def forget_errors(self, trial: Trial) -> None:
        """Delete what is noted of attempts that failed before the trial ended well.

        Tune would copy its own file into the study.
        """
        error_file = self.directory(trial) / ERROR_FILE
        if error_file.exists():
            self._store.remove([error_file])
        if trial.error_file is not None:
            Path(trial.error_file).unlink(missing_ok=True)

    def keep_stop(self, trial: Trial, stop: Stop, written: Written) -> None:
        """Record why a trial is ended early, and keep the checkpoint from which it can go on."""
        self.write_params(trial, only_once=True)
        self._store.write(self.directory(trial) / STOPPED_FILE, stop.as_json().encode())
        self.forget_errors(trial)
        if self._keep != "best":  # of these Tune keeps the best one and the newest
            self._prune(trial, max(1, self._keep) if isinstance(self._keep, int) else 1, written)

    def prune(self, trial: Trial, written: Written) -> None:
        """Delete the checkpoints of a trial that has ended, but for those that are to stay."""
        self._prune(trial, self._keep, written)

    def _prune(self, trial: Trial, keep: str | int, written: Written) -> None:
        """Delete all checkpoints but some.

        If a search has taken the trial further, that includes those from which it went on. Which of
        them is the best is known only when the study is read. Of a trial that was killed while it
        saved, the last one is not complete, or its epoch is not recorded.
        """
        own, recorded = self.directory(trial), {epoch for epoch, _ in written.rows}
        plan, folders = trial.config["plan"], [own]
        if "after_epoch" in plan and keep != "best":
            earlier = [(self._store.root / path).parent for path in plan["resume_from"]]
            folders = [*dict.fromkeys(reversed(earlier)), *folders]
        prune_checkpoints(
            self._store,
            folders,
            plan["trial_key"],
            keep=keep,
            score=written.scores.get,
            objective=self._objective,
            counts=lambda index: index.path.parent != own or index.epoch in recorded,
        )
