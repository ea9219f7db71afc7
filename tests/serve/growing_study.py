"""A study that grows while a test looks at it, recorded as a launch records it."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.cli.status_studies import make_study
from tests.studies import line
from tune_app.engine.recorder import StudyRecorder
from tune_app.planning.remaining import planned_trials
from tune_app.study.fingerprint import data_fingerprint
from tune_app.training.registry import TRAINABLES


class GrowingStudy:
    """A study of rows of 2 and 4 epochs per learning rate; a trial serves both rows of a rate.

    Args:
        folder: where it is made.
        lrs: the learning rates.

    Attributes:
        root: the study directory.
    """

    def __init__(self, folder: Path, lrs: tuple[float, ...] = (0.1, 0.01, 0.001)) -> None:
        self.ledger = make_study(folder, lrs=lrs)
        self.root = self.ledger.root
        trials = planned_trials(self.ledger, ())
        assert trials is not None and len(trials) == len(lrs)
        self._planned = trials
        study = self.ledger.study
        self._recorder = StudyRecorder(self.ledger.store, {}, study, TRAINABLES["resnet"])
        self._trials: dict[int, Any] = {}

    def name(self, number: int) -> str:
        """Return the name of a trial's directory."""
        return f"trial-{number}"

    def report(self, number: int, epoch: int, **values: Any) -> None:
        """Report the next epoch of a trial; 2 and 4 are milestones."""
        stamps = {"timestamp": time.time(), "time_this_iter_s": 10.0}
        row = line(epoch, milestone=epoch in (2, 4), **{**stamps, **values})
        row.pop("predictions_file", None)
        trial = self._trial(number)
        trial.last_result = row
        self._recorder.log_trial_result(epoch, trial, row)

    def finish(self, number: int, **values: Any) -> None:
        """Report all epochs of a trial and end it."""
        for epoch in range(1, 5):
            self.report(number, epoch, **values)
        self._recorder.log_trial_end(self._trial(number), failed=False)

    def fail(self, number: int, traceback: str, output: str = "") -> None:
        """End a trial with an error, after what it printed."""
        trial = self._trial(number)
        folder = self.root / "tune" / "001" / self.name(number)
        if output:
            (folder / "output.txt").write_text(output)
        error = self.root.parent / f"error-{number}.txt"
        error.write_text(f"Failure # 1 (occurred at 2026-01-01_12-00-00)\n{traceback}\n")
        trial.error_file = str(error)
        self._recorder.log_trial_end(trial, failed=True)

    def _trial(self, number: int) -> Any:
        if number in self._trials:
            return self._trials[number]
        planned = self._planned[number]
        plan = {
            "trial_key": planned.key,
            "name": self.name(number),
            "directory": f"tune/001/{self.name(number)}",
            "milestones": sorted(planned.serves),
            "serves": {str(epoch): list(ids) for epoch, ids in planned.serves.items()},
            "data": data_fingerprint(self.ledger.study["data"], "mnist"),
            "resume_from": None,
        }
        config = {**planned.config, "seed": 0, "plan": plan}
        trial = SimpleNamespace(
            config=config, trial_id=f"t{number}", last_result={}, error_file=None
        )
        self._trials[number] = trial
        self._recorder.log_trial_start(trial)
        return trial
