"""Writes what trials report straight into the study directory, as it is reported.

Ray's own loggers write into a session directory under /tmp that is copied to the storage path only
every few minutes, so a killed driver would take finished epochs with it. This callback appends each
row to ``result.json`` at once, in the format that ``ExperimentAnalysis`` reads, and writes the
TensorBoard events beside it.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback
from tensorboardX import SummaryWriter
from tensorboardX.summary import hparams

from tune_app.atomic import atomic_file
from tune_app.checkpoint import remove_checkpoints

RESULT_FILE, PARAMS_FILE, ERROR_FILE = "result.json", "params.json", "error.txt"


class StudyRecorder(LoggerCallback):
    """Records every trial of one launch.

    Args:
        root: the study directory.
        factors: the parameters that TensorBoard's HParams tab lists.
    """

    def __init__(self, root: Path, factors: tuple[str, ...]) -> None:
        self._root = root
        self._factors = factors
        self._writers: dict[str, SummaryWriter] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open event files out when Tune pickles its callbacks."""
        return {**self.__dict__, "_writers": {}}

    def log_trial_start(self, trial: Trial) -> None:
        """Write the trial's ``params.json``."""
        config = dict(trial.config)
        with atomic_file(self._trial_directory(trial) / PARAMS_FILE) as stream:
            stream.write(json.dumps(config, indent=1).encode())

    def log_trial_result(self, iteration: int, trial: Trial, result: dict[str, Any]) -> None:
        """Append one reported row to ``result.json`` and its numbers to the event file."""
        row = {key: value for key, value in result.items() if key != "config"}
        line = json.dumps(row, default=_plain_number) + "\n"
        with (self._trial_directory(trial) / RESULT_FILE).open("a") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        writer = self._writer(trial)
        for name, value in _scalars(row).items():
            writer.add_scalar(name, value, global_step=row["epoch"])
        writer.flush()

    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        """Close the event file with the trial's factors and final metrics; keep its error."""
        error = self._trial_directory(trial) / ERROR_FILE
        if failed:
            with atomic_file(error) as stream:
                stream.write(describe_error(trial).encode())
        else:
            error.unlink(missing_ok=True)
            if (trial.last_result or {}).get("epoch") == trial.config["plan"]["milestones"][-1]:
                remove_checkpoints(error.parent)
        writer = self._writers.pop(trial.trial_id, None)
        if writer is not None:
            self._log_hparams(writer, trial)
            writer.close()

    def _log_hparams(self, writer: SummaryWriter, trial: Trial) -> None:
        factors = {name: trial.config[name] for name in self._factors if name in trial.config}
        factors["seed"] = trial.config["seed"]
        values = {k: v if isinstance(v, (bool, int, float)) else str(v) for k, v in factors.items()}
        metrics = _scalars(trial.last_result or {})
        for summary in hparams(hparam_dict=values, metric_dict=metrics):
            writer.file_writer.add_summary(summary)

    def _writer(self, trial: Trial) -> SummaryWriter:
        if trial.trial_id not in self._writers:
            directory = str(self._trial_directory(trial))
            self._writers[trial.trial_id] = SummaryWriter(logdir=directory)
        return self._writers[trial.trial_id]

    def _trial_directory(self, trial: Trial) -> Path:
        directory = self._root / str(trial.config["plan"]["directory"])
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def describe_error(trial: Trial) -> str:
    """Return the trial's error as text; its last line is the reason."""
    error = trial.get_error()
    text = str(error).strip() if error is not None else ""
    return (text or "the trial ended without a reason") + "\n"


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
}


def _scalars(row: dict[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a row that are measurements."""
    return {
        key: float(value)
        for key, value in row.items()
        if key not in _BOOKKEEPING
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    }


def _plain_number(value: Any) -> Any:
    """Return a NumPy number as Python's, for JSON."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"cannot record {type(value).__name__}")
