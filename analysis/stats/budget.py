"""The expected best score of a number of trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def expected_best(
    scores: ArrayLike, seconds: ArrayLike | None = None, *, mode: str = "max"
) -> pd.DataFrame:
    """Return the expected best score of 1 … n trials that are drawn from those that were run.

    The method is that of Dodge et al. (2019, "Show your work"): with V the scores and F their
    empirical distribution, E[max of n] = Σ v · (F(v)^n − F(v⁻)^n). Trials are drawn with
    replacement, as in random search. The estimate holds up to the number of trials that were run.

    Args:
        scores: (n,), one validation score per trial.
        seconds: (n,), the duration of each trial; None to leave out ``expected_hours``.
        mode: ``"max"`` if larger is better, ``"min"`` if smaller is.

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
