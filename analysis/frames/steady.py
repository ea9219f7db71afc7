"""Training times without the warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.timing import epoch_times


def steady_seconds(
    rows: pd.DataFrame, epochs: pd.DataFrame, time: str = "train_seconds"
) -> pd.Series[float]:
    """Return how long each row would train if every epoch took as long as its median epoch.

    The median is taken over the row's own epochs without those that began a process, which include
    the warm-up. It is the median because a disturbed epoch is longer and never shorter. Epochs that
    a shared trial trained after the row's last one do not count, so a row's time does not depend
    on which rows share its trial.

    Args:
        rows: as ``Study.rows``.
        epochs: as ``Study.epochs``.
        time: the column of the time, which is cumulative.

    Returns:
        Seconds, with the index of the rows; NaN if no epoch after the warm-up has a time.
    """
    if not {"trial_id", "milestone"} <= set(rows) or time not in epochs:
        return pd.Series(np.nan, index=rows.index, dtype="float64")
    milestones = numbers(rows, "milestone")
    place = range(len(rows))
    ends = pd.DataFrame({"trial_key": rows["trial_id"], "end": milestones, "place": place})
    times = epoch_times(epochs, time=time).merge(ends, on="trial_key")
    medians = times[times["epoch"] <= times["end"]].groupby("place")["seconds"].median()
    return medians.reindex(place).set_axis(rows.index) * milestones
