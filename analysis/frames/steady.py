"""Training times without the warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.stats.timing import epoch_times

_NO_TIMES = pd.DataFrame({"epoch": [], "seconds": []}, dtype="float64")


def steady_seconds(rows: pd.DataFrame, epochs: pd.DataFrame) -> pd.Series[float]:
    """Return how long each row would train if every epoch took as long as its median epoch.

    The median is taken over the row's own epochs without those that began a process, which include
    the warm-up. It is the median because a disturbed epoch is longer and never shorter. Epochs that
    a shared trial trained after the row's last one do not count, so a row's time does not depend
    on which rows share its trial.

    Args:
        rows: as ``Study.rows``.
        epochs: as ``Study.epochs``.

    Returns:
        Seconds, with the index of the rows; NaN if no epoch after the warm-up has a time.
    """
    if not {"trial_id", "milestone"} <= set(rows) or "train_seconds" not in epochs:
        return pd.Series(np.nan, index=rows.index, dtype="float64")
    by_trial = dict(list(epoch_times(epochs).groupby("trial_key")))
    milestones = numbers(rows, "milestone")
    medians = []
    for trial, milestone in zip(rows["trial_id"], milestones, strict=True):
        times = by_trial.get(trial, _NO_TIMES)
        medians.append(times.loc[times["epoch"] <= milestone, "seconds"].median())
    return pd.Series(medians, index=rows.index, dtype="float64") * milestones
