from __future__ import annotations

import math

import pandas as pd

from analysis.frames.steady import steady_seconds


def test_a_row_takes_its_median_epoch_times_its_epochs() -> None:
    """Epochs of 9 (warm-up), 2, 3, 2 and 8 s: the last one belongs to the longer row alone."""
    epochs = pd.DataFrame(
        {"trial_key": "k", "epoch": range(1, 6), "train_seconds": [9.0, 11.0, 14.0, 16.0, 24.0]}
    )
    rows = pd.DataFrame(
        {"trial_id": ["k", "k", "k", "other"], "milestone": [4, 5, 1, 4]}, index=list("abcd")
    )
    seconds = steady_seconds(rows, epochs)
    assert list(seconds.index) == list("abcd")
    assert seconds["a"] == 4 * 2.0 and seconds["b"] == 5 * 2.5
    assert math.isnan(seconds["c"]) and math.isnan(seconds["d"])


def test_without_times_nothing_is_known() -> None:
    rows = pd.DataFrame({"trial_id": ["k"], "milestone": [2]})
    assert steady_seconds(rows, pd.DataFrame({"trial_key": ["k"]})).isna().all()
