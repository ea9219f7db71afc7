"""Frames of an experiment that is given as a Ray object, for example in a notebook.

Ray is not imported: an ``ExperimentAnalysis`` is anything with ``trials``, and a ``ResultGrid`` is
anything that iterates over results. Each trial's ``result.json`` is read if it exists, because
Ray's own frame drops a whole trial for one bad line. Otherwise the object's own results are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.frames.trial_frames import epoch_frame, trial_frame
from tune_app.study.trial_directory import TrialDirectory, flat, last_line, read_directory
from tune_app.study.trial_record import Record
from tune_app.study.trials import join_directories

_LAUNCH = "live"
_UNRECORDED = "stopped with an error that was not recorded"


class TrialFrames(NamedTuple):
    """The frames of an experiment without its study: see ``Study.trials`` and ``Study.epochs``."""

    trials: pd.DataFrame
    epochs: pd.DataFrame


def load_analysis(analysis: Any) -> TrialFrames:
    """Return the frames of a ray ``ExperimentAnalysis`` or ``ResultGrid``.

    Trials that failed have the status ``failed``. Trials of other programs have no plan; they are
    ``finished`` if Ray says that they ended regularly.
    """
    grid_analysis = _get(analysis, "_experiment_analysis")
    items: Iterable[Any] | None = _get(analysis, "trials") or _get(grid_analysis, "trials")
    ray_frames = _get(analysis, "trial_dataframes") or _get(grid_analysis, "trial_dataframes") or {}
    directories = [
        _directory(item, index, ray_frames)
        for index, item in enumerate(analysis if items is None else items)
    ]
    trials = join_directories(directories)
    return TrialFrames(trial_frame(trials), epoch_frame(trials))


def _get(item: Any, name: str) -> Any:
    """Return an attribute, or None: properties of Ray's objects raise if a trial has no path."""
    try:
        return getattr(item, name, None)
    except Exception:
        return None


def _directory(item: Any, index: int, ray_frames: dict[str, pd.DataFrame]) -> TrialDirectory:
    status = _get(item, "status")
    raised = _get(item, "error")
    error = last_line(str(raised)) if raised else ""
    # A result of a ResultGrid has no status. Without an error it ended regularly.
    done = status == "TERMINATED" or (status is None and not error)
    read = _read(item)
    error = (read.error if read else "") or error or (_UNRECORDED if status == "ERROR" else "")
    if read is not None and read.records:
        return replace(read, done=done, error=error)
    last = _get(item, "last_result") or _get(item, "metrics") or {}
    config = _get(item, "config") or last.get("config") or {}
    frame = _get(item, "metrics_dataframe")
    if frame is None:
        frame = ray_frames.get(str(_get(item, "trial_id")))
    plan = config.get("plan")
    return TrialDirectory(
        launch=_LAUNCH,
        name=str(_get(item, "trial_id") or index),
        config=flat({key: value for key, value in config.items() if key != "plan"}),
        plan=plan if isinstance(plan, dict) else {},
        records=_records(frame) or ([last] if last else []),
        error=error,
        done=done,
    )


def _read(item: Any) -> TrialDirectory | None:
    """Read the trial's directory; of the two copies of a running trial, the longer one."""
    places = [place for name in ("path", "local_path") if (place := _get(item, name))]
    found = [read for place in places if (read := read_directory(Path(str(place)), _LAUNCH))]
    return max(found, key=lambda read: len(read.records), default=None)


def _records(frame: pd.DataFrame | None) -> list[Record]:
    if frame is None:
        return []
    kept = [column for column in frame.columns if not str(column).startswith("config/")]
    return [
        # In a frame a missing key is NaN, and a metric may be NaN too: only these two keys are
        # left out.
        {str(k): v for k, v in row.items() if k not in ("milestone", "status") or not pd.isna(v)}
        for row in frame[kept].to_dict("records")
    ]
