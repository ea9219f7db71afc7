"""Trials as tidy frames: one row per trial, and one row per epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pandas as pd

from tune_app.study.objective import finite_number
from tune_app.study.trial_record import Record
from tune_app.study.trials import Trial

BOOKKEEPING = frozenset(
    (
        *("config", "trial_id", "training_iteration", "timestamp", "date", "done"),
        *("time_this_iter_s", "time_total_s", "time_since_restore", "iterations_since_restore"),
        *("pid", "hostname", "node_ip", "should_checkpoint", "checkpoint_dir_name"),
        *("experiment_id", "experiment_tag", "episodes_total", "timesteps_total"),
    )
)
"""Keys that Tune adds to every result. They are not metrics of the trial."""
_KEPT = ("timestamp", "time_this_iter_s", "hostname")
"""Of these keys, those that say when and where an epoch ran."""


def scalars(record: Record) -> Record:
    """Return the scalar metrics of a result, without Tune's bookkeeping.

    Tune's JSON encoder writes a NumPy NaN as the text ``"null"``. That text and null become NaN.
    """
    return {
        key: math.nan if value is None or value == "null" else value
        for key, value in record.items()
        if key not in BOOKKEEPING and (value is None or isinstance(value, (int, float, str)))
    }


def resolved(config: Record, reported: Record) -> Record:
    """Join the config and the metrics of a row.

    If both have a key, the config's value is kept. Where the config leaves the choice open (None or
    ``"auto"``, as in ``device="auto"``) the value that the trial reported is used.
    """
    joined = dict(config)
    for key, value in reported.items():
        if joined.get(key) in (None, "auto"):
            joined[key] = value
    return joined


def trial_frame(trials: list[Trial], tell: Callable[[Record], Record] = dict) -> pd.DataFrame:
    """Return one row per trial, as ``Study.trials`` describes.

    ``tell`` makes the parameters of a trial such that a frame tells them apart.
    """
    records: list[Record] = []
    for trial in trials:
        outcome = trial.outcome(trial.last_milestone)
        last = trial.history[max(trial.history)].record if trial.history else {}
        summary = {
            "trial_key": trial.key,
            "name": trial.newest.name,
            "launches": ",".join(dict.fromkeys(d.launch for d in trial.directories)),
            "status": outcome.status,
            "reason": outcome.reason,
            "num_epochs": len(trial.history),
            "tune_seconds": tune_seconds(record for _, record in trial.history.values()),
            "last_milestone": trial.last_milestone,
            "num_rows": sum(len(config_ids) for config_ids in trial.serves.values()),
        }
        records.append(summary | resolved(tell(trial.config), scalars(last)) | summary)
    columns = ("trial_key", "name", "launches", "status", "reason", "num_epochs", "tune_seconds")
    return _frame(records, (*columns, "last_milestone", "num_rows"))


def tune_seconds(records: Iterable[Record]) -> float:
    """Return the time between the reports of a trial as Tune took it; NaN if unknown."""
    times = [finite_number(record.get("time_this_iter_s")) for record in records]
    known = [seconds for seconds in times if seconds is not None and seconds >= 0]
    return sum(known) if known else math.nan


def epoch_frame(trials: list[Trial], tell: Callable[[Record], Record] = dict) -> pd.DataFrame:
    """Return one row per trial and epoch, as ``Study.epochs`` describes; ``tell`` as above."""
    records: list[Record] = []
    for trial in trials:
        config = tell(trial.config)
        for epoch, (directory, record) in sorted(trial.history.items()):
            place = {"trial_key": trial.key, "launch": directory.launch, "epoch": epoch}
            source = {key: record[key] for key in _KEPT if key in record}
            records.append(place | resolved(config, scalars(record)) | source | place)
    return _frame(records, ("trial_key", "launch", "epoch"))


def _frame(records: list[Record], columns_when_empty: tuple[str, ...]) -> pd.DataFrame:
    return with_plain_text(
        pd.DataFrame(records, columns=None if records else list(columns_when_empty))
    )


def with_plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns of text hold Python's strings.

    A report takes rows out of frames thousands of times. That is several times as fast as taking
    them out of Arrow's arrays, of which each column has its own. The copy holds columns of a type
    together: pandas warns where a column is added to hundreds of single ones.
    """
    texts = {name: "object" for name, dtype in frame.dtypes.items() if dtype == "str"}
    return frame.astype(texts).copy()
