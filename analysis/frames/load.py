"""Load a study directory as tidy frames, from its JSON files alone.

Ray's own loader is not used. It unpickles the experiment's state, it drops a whole trial for one
bad line, and it knows trials only. A study also has rows (configuration × seed) that share a trial
or have no trial yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.copies import study_store
from analysis.frames.ray_results import load_analysis
from analysis.frames.rows import processors_of, row_frame, rows_of, told_apart
from analysis.frames.trial_frames import epoch_frame, trial_frame
from search_spaces.errors import UserError
from tune_app.storage.open_store import refresh_to_read
from tune_app.storage.store import StudyStore
from tune_app.study.recorded import read_recorded
from tune_app.study.rows import RowOutcome
from tune_app.study.study_file import read_study
from tune_app.study.trial_directory import ERROR_FILE
from tune_app.study.trials import ENDED, FINISHED, Report, RowKey, Trial

__all__ = ["ENDED", "FINISHED", "Study", "load_analysis", "load_study"]


@dataclass(frozen=True, eq=False)
class Study:
    """One study, as it stood when it was read.

    Attributes:
        store: where the study is kept; for a study at a URL it owns the copy on this machine.
        meta: ``study.json``, parsed.
        rows: one row per configuration, in the declared order, and seed: ``config_id``, ``seed``,
            the config's parameters, the metrics of its milestone (NaN unless the status is
            finished or unconverged; ``num_concurrent_trials`` is the largest of its epochs, and
            ``num_threads`` NaN if they differ), ``trial_id`` (the trial_key), ``shared_with``
            (config_id of the row its trial stands for; empty for that row itself), ``same_as``
            (config_id of another row with the same result: the same epoch of the same trial; else
            empty), ``status``, ``reason``, ``device`` (resolved; None where nothing ran),
            ``launch``, ``milestone`` (the epoch of its result), ``tune_seconds`` (the time between
            the reports of its trial until then, as Tune took it; NaN if unknown), if the user's
            code has changed ``code`` (the fingerprint of the code that made it), and if rows ran on
            different processors ``timed_on`` (the processor of a row, for a row trained on a GPU
            the GPU and the processor beside it, or those on which its trial ran in turn).
        trials: one row per trial: ``trial_key``, ``name``, ``launches``, ``status``, ``reason``,
            ``num_epochs`` reported, ``tune_seconds`` (the time between its reports as Tune took
            it; NaN if unknown), ``last_milestone``, ``num_rows`` served, ``seed``, its parameters
            and its last metrics.
        epochs: one row per trial and epoch: ``trial_key``, parameters, ``launch``, ``epoch``,
            every scalar metric, ``timestamp`` (seconds since 1970), ``time_this_iter_s`` (since the
            report before, as Tune took it) and ``hostname``.
        config_keys: the parameters of all configurations.
        metric_keys: the metrics that finished rows have.
        notes: what was left out while reading, one line each.
        tracebacks: trial_key -> the file with the traceback of a trial whose last attempt ended in
            an error, relative to ``path``.
        outcomes: what became of each row, with its trial.
    """

    store: StudyStore
    meta: dict[str, Any]
    rows: pd.DataFrame
    trials: pd.DataFrame
    epochs: pd.DataFrame
    config_keys: tuple[str, ...]
    metric_keys: tuple[str, ...]
    notes: tuple[str, ...]
    tracebacks: Mapping[str, str]
    outcomes: Mapping[RowKey, RowOutcome] = field(repr=False)
    _reports: dict[RowKey, Report] = field(repr=False)

    @property
    def path(self) -> Path:
        """The study's directory; for a study at a URL its copy, which lasts as long as this."""
        return self.store.root

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.meta["study"])

    @property
    def factors(self) -> tuple[str, ...]:
        """The parameters of interest; all parameters if the space names none."""
        named = self.meta["space"].get("factors")
        factors = named if isinstance(named, list) else []
        return tuple(f for f in factors if isinstance(f, str)) or self.config_keys

    @property
    def is_own(self) -> bool:
        """Whether the study runs a function or a class of a user's."""
        return self.meta["space"].get("is_own") is True

    @property
    def metric(self) -> str:
        """The metric that configurations are picked by."""
        return str(self.meta["space"].get("metric") or "val_accuracy")

    @property
    def mode(self) -> str:
        """``"max"`` if a larger ``metric`` is better, ``"min"`` if a smaller one is."""
        return "min" if self.meta["space"].get("mode") == "min" else "max"

    def confusion_matrix(self, config_id: str, seed: int) -> NDArray[np.int64] | None:
        """Return the row's test confusion matrix, (classes, classes), one line per true class.

        None if the row has no result, or its result has no confusion matrix of counts: a user may
        have divided his by the number of each class.
        """
        report = self._reports.get((config_id, seed))
        matrix = None if report is None else report.record.get("confusion_matrix")
        try:
            values = np.asarray(matrix, dtype=np.float64)
            array = np.asarray(matrix, dtype=np.int64)
        except (TypeError, ValueError, OverflowError):
            return None
        if not np.array_equal(values, array):
            return None
        return array if array.ndim == 2 and array.shape[0] == array.shape[1] else None

    def predictions_path(self, config_id: str, seed: int) -> Path | None:
        """Return the file of the row's test predictions, or None if there is none.

        A path that leads out of the trial's directory is ignored.
        """
        report = self._reports.get((config_id, seed))
        name = None if report is None else report.record.get("predictions_file")
        if report is None or report.directory.path is None or not isinstance(name, str):
            return None
        try:
            if not (report.directory.path / name).is_file():
                return None
            root = report.directory.path.resolve()
            path = (root / name).resolve()
            return path if path.is_relative_to(root) else None
        except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, or a loop of links
            return None


def load_study(place: str | Path | StudyStore) -> Study:
    """Read a study directory, finished or not.

    Args:
        place: the directory, or the URL of one (``s3://bucket/studies/q1a``), the name of a
            published study (``published:q1a``), or its store.

    Raises:
        UserError: ``place`` has no ``study.json`` or one that cannot be read, the kind of URL is
            not supported, or its storage does not answer.
    """
    store = study_store(place)
    refresh_to_read(store)
    meta = _read_meta(store)
    recorded = read_recorded(store.root, meta)
    trials = list(recorded.trials.values())
    configurations, tell = told_apart(meta)
    config_keys = tuple(dict.fromkeys(key for c in configurations.values() for key in c))
    outcomes = recorded.outcomes(meta)
    records, reports = rows_of(configurations, outcomes, processors_of(meta["launches"]))
    rows, metric_keys = row_frame(records, reports.values(), config_keys)
    return Study(
        store=store,
        meta=meta,
        rows=rows,
        trials=trial_frame(trials, tell),
        epochs=epoch_frame(trials, tell),
        config_keys=config_keys,
        metric_keys=metric_keys,
        notes=recorded.notes,
        tracebacks=_tracebacks(store.root, trials),
        outcomes=outcomes,
        _reports=reports,
    )


def _tracebacks(root: Path, trials: Iterable[Trial]) -> dict[str, str]:
    files = {
        trial.key: trial.newest.path / ERROR_FILE
        for trial in trials
        if trial.newest.error and trial.newest.path is not None
    }
    return {key: file.relative_to(root).as_posix() for key, file in files.items() if file.is_file()}


def _read_meta(store: StudyStore) -> dict[str, Any]:
    path = store.root
    try:
        is_folder = path.is_dir()
    except OSError:  # a name that is too long, or a folder without permission
        is_folder = False
    if not is_folder:
        raise UserError(f"{path}: no such directory; give the directory of a study")
    meta = read_study(store)
    if meta is None:
        raise UserError(
            f"{path}: not a study, it has no study.json; give the directory that holds it"
        )
    return meta
