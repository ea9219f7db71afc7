"""A study directory as tidy frames, read from its JSON files alone.

Ray's own loader is not used for this: it unpickles the experiment's state, drops a whole trial for
one bad line, and knows trials only, where a study asks about rows (configuration × seed) that may
share a trial or not exist yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.copies import study_store
from analysis.frames.ray_results import load_analysis
from analysis.frames.rows import row_frame, rows_of
from analysis.frames.trial_frames import epoch_frame, trial_frame
from search_spaces.errors import UserError
from tune_app.storage.open_store import refresh_to_read
from tune_app.storage.store import StudyStore
from tune_app.study.recorded import read_recorded
from tune_app.study.study_file import read_study
from tune_app.study.trial_directory import flat
from tune_app.study.trials import ENDED, FINISHED, Report, RowKey

__all__ = ["ENDED", "FINISHED", "Study", "load_analysis", "load_study"]


@dataclass(frozen=True, eq=False)
class Study:
    """One study, as it stood when it was read.

    Attributes:
        store: where the study is kept; of a study at a URL it owns the copy on this machine.
        meta: ``study.json``, parsed.
        rows: one row per configuration, in the declared order, and seed: ``config_id``, ``seed``,
            the config's parameters, the metrics of its milestone (NaN unless the status is in
            ``FINISHED``; ``num_concurrent_trials`` and ``num_threads`` are those of
            ``Trial.conditions``), ``trial_id`` (the trial_key), ``shared_with`` (config_id of the
            row its trial stands for; empty for that row itself), ``same_as`` (config_id of the row
            whose result at the same epoch of the same trial this is; else empty), ``status``,
            ``reason``, ``device`` (resolved; None where nothing ran), ``launch`` and
            ``milestone`` (the epoch of its result).
        trials: one row per trial: ``trial_key``, ``name``, ``launches``, ``status``, ``reason``,
            ``num_epochs`` reported, ``last_milestone``, ``num_rows`` served, ``seed``, its
            parameters and its last metrics.
        epochs: one row per trial and epoch: ``trial_key``, parameters, ``launch``, ``epoch``,
            every scalar metric, ``timestamp`` (seconds since 1970) and ``hostname``.
        config_keys: the parameters of all configurations.
        metric_keys: the metrics that finished rows have.
        notes: what was left out while reading, one line each.
    """

    store: StudyStore
    meta: dict[str, Any]
    rows: pd.DataFrame
    trials: pd.DataFrame
    epochs: pd.DataFrame
    config_keys: tuple[str, ...]
    metric_keys: tuple[str, ...]
    notes: tuple[str, ...]
    _reports: dict[RowKey, Report] = field(repr=False)

    @property
    def path(self) -> Path:
        """The study's directory; of a study at a URL the copy, which lasts as long as this."""
        return self.store.root

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.meta["study"])

    @property
    def factors(self) -> tuple[str, ...]:
        """The parameters of interest; all of them where the space names none."""
        named = self.meta["space"].get("factors")
        factors = named if isinstance(named, list) else []
        return tuple(f for f in factors if isinstance(f, str)) or self.config_keys

    @property
    def metric(self) -> str:
        """The metric that selects."""
        return str(self.meta["space"].get("metric") or "val_accuracy")

    @property
    def mode(self) -> str:
        """Whether ``metric`` is best at its ``"max"`` or its ``"min"``."""
        return "min" if self.meta["space"].get("mode") == "min" else "max"

    def confusion_matrix(self, config_id: str, seed: int) -> NDArray[np.int64] | None:
        """Return the row's test confusion matrix, (classes, classes), true classes down.

        None when the row has no result or its result no confusion matrix.
        """
        report = self._reports.get((config_id, seed))
        matrix = None if report is None else report.record.get("confusion_matrix")
        try:
            array = np.asarray(matrix, dtype=np.int64)
        except (TypeError, ValueError, OverflowError):
            return None
        return array if array.ndim == 2 and array.shape[0] == array.shape[1] else None

    def predictions_path(self, config_id: str, seed: int) -> Path | None:
        """Return the file of the row's test predictions, None when there is none.

        A path that leads out of the trial's directory is taken for none.
        """
        report = self._reports.get((config_id, seed))
        name = None if report is None else report.record.get("predictions_file")
        if report is None or report.directory.path is None or not isinstance(name, str):
            return None
        try:
            root = report.directory.path.resolve()
            path = (root / name).resolve()
            return path if path.is_relative_to(root) and path.is_file() else None
        except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or a loop of links
            return None


def load_study(place: str | Path | StudyStore) -> Study:
    """Read a study directory, whatever state it is in.

    Args:
        place: the directory, or the URL of one (``s3://bucket/studies/q1a``), or its store.

    Raises:
        UserError: ``place`` holds no ``study.json``, or one that cannot be read; nothing here can
            read such a URL, or its storage does not answer.
    """
    store = study_store(place)
    refresh_to_read(store)
    meta = _read_meta(store)
    recorded = read_recorded(store.root, meta)
    trials = list(recorded.trials.values())
    configurations = {str(c["config_id"]): flat(c["config"]) for c in meta["configurations"]}
    config_keys = tuple(dict.fromkeys(key for c in configurations.values() for key in c))
    records, reports = rows_of(configurations, recorded.outcomes(meta))
    rows, metric_keys = row_frame(records, reports.values(), config_keys)
    return Study(
        store=store,
        meta=meta,
        rows=rows,
        trials=trial_frame(trials),
        epochs=epoch_frame(trials),
        config_keys=config_keys,
        metric_keys=metric_keys,
        notes=recorded.notes,
        _reports=reports,
    )


def _read_meta(store: StudyStore) -> dict[str, Any]:
    path = store.root
    try:
        is_folder = path.is_dir()
    except OSError:  # a name that is too long, or a folder that must not be entered
        is_folder = False
    if not is_folder:
        raise UserError(f"{path}: no such directory; give the directory of a study")
    meta = read_study(store)
    if meta is None:
        raise UserError(
            f"{path}: not a study, it has no study.json; give the directory that holds it"
        )
    return meta
