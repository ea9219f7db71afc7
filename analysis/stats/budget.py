"""What the best of a number of trials is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def expected_best(
    scores: ArrayLike, seconds: ArrayLike | None = None, *, mode: str = "max"
) -> pd.DataFrame:
    """Return the expected best score of 1 … n trials drawn from those that were run.

    Dodge et al. (2019, "Show your work"): with V the scores and F their empirical
    distribution, E[max of n] = Σ v · (F(v)^n − F(v⁻)^n). Random search draws with replacement, as
    here; the estimate is meant for numbers of trials up to those that were run.

    Args:
        scores: (n,), one validation score per trial.
        seconds: (n,), what each trial took; None without a column of hours.
        mode: ``"max"`` where larger is better, ``"min"`` where smaller is.

    Returns:
        ``num_trials`` 1 … n, ``expected_best``, its standard deviation ``sd``, and
        ``expected_hours`` of that many trials one after another.
    """
    assert mode in ("max", "min"), mode
    sign = 1.0 if mode == "max" else -1.0
    values, counts = np.unique(sign * np.asarray(scores, dtype=float), return_counts=True)
    assert np.isfinite(values).all()
    total = int(counts.sum())
    num_trials = np.arange(1, total + 1)
    below_or_equal = np.cumsum(counts) / total
    powers = below_or_equal[None, :] ** num_trials[:, None]
    weights = np.diff(powers, axis=1, prepend=0.0)
    best = weights @ values
    variance = weights @ values**2 - best**2
    frame = pd.DataFrame(
        {
            "num_trials": num_trials,
            "expected_best": sign * best,
            "sd": np.sqrt(np.clip(variance, 0, None)),
        }
    )
    if seconds is not None:
        durations = np.asarray(seconds, dtype=float)
        assert len(durations) == total
        frame["expected_hours"] = num_trials * durations.mean() / 3600
    return frame
