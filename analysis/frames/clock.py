"""When each epoch began and ended, on a clock that stands still while nothing runs."""

from __future__ import annotations

import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.load import Study

_BREAK = 3600.0
"""A pause in which nothing ran is left out if it is longer than this, in seconds."""


def study_clock(study: Study) -> pd.DataFrame:
    """Return the time of each epoch, in seconds since the first trial of the study began.

    An epoch ends when it is recorded. It began as long before as Tune took for it, else as it
    reports itself (``epoch_seconds`` and ``eval_seconds``).

    Returns:
        ``trial_key``, ``launch``, ``epoch``, ``host`` (empty if unknown), ``began`` and ``ended``,
        by the time of their beginning; no line for an epoch that was recorded without a time.
    """
    epochs = study.epochs
    reported = numbers(epochs, "epoch_seconds").fillna(0) + numbers(epochs, "eval_seconds").fillna(
        0
    )
    took = numbers(epochs, "time_this_iter_s")
    ended = numbers(epochs, "timestamp")
    clock = epochs[["trial_key", "launch", "epoch"]].assign(
        host=epochs["hostname"].astype(str) if "hostname" in epochs else "",
        began=ended - took.where(took >= 0).fillna(reported.clip(lower=0)),
        ended=ended,
    )
    clock = clock.dropna(subset=["ended"]).sort_values(["began", "ended"], kind="stable")
    idle = (clock["began"] - clock["ended"].cummax().shift()).fillna(0)
    start = idle.where(idle > _BREAK, 0.0).cumsum() + clock["began"].min()
    return clock.assign(began=clock["began"] - start, ended=clock["ended"] - start)
