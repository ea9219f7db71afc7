"""Training times without the warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.stats.timing import epoch_times

_NOTHING = pd.DataFrame({"epoch": [], "seconds": []}, dtype="float64")


def steady_seconds(rows: pd.DataFrame, epochs: pd.DataFrame) -> pd.Series[float]:
    """Return how long each row trained if every epoch took as long as its median one.

    The median is that of the row's own epochs, up to its last, without those that began a process:
    they also warm up, and a disturbed epoch is long and never short. What a shared trial trained
    after the row's last epoch is left out, so a row's time is the same whatever shares its trial.

    Args:
        rows: as ``Study.rows``.
        epochs: as ``Study.epochs``.

    Returns:
        Seconds, with the index of the rows; NaN where no epoch but the first has a time.
    """
    if not {"trial_id", "milestone"} <= set(rows) or "train_seconds" not in epochs:
        return pd.Series(np.nan, index=rows.index, dtype="float64")
    by_trial = dict(list(epoch_times(epochs).groupby("trial_key")))
    milestones = numbers(rows, "milestone")
    medians = []
    for trial, milestone in zip(rows["trial_id"], milestones, strict=True):
        times = by_trial.get(trial, _NOTHING)
        medians.append(times.loc[times["epoch"] <= milestone, "seconds"].median())
    return pd.Series(medians, index=rows.index, dtype="float64") * milestones
