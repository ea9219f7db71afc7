"""The expected best score of a number of trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def expected_best(
    scores: ArrayLike,
    seconds: ArrayLike | None = None,
    *,
    mode: str = "max",
    sizes: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return the expected best score of k trials that are drawn from the n that were run.

    Trials are drawn without replacement: of all subsets of size k the share C(i − 1, k − 1) / C(n,
    k) has the i-th worst score as its best. The mean is unbiased for k trials of a random search
    (Tang et al. 2020, "Showing your work doesn't always work"), where drawing with replacement
    (Dodge et al. 2019) makes a search look worse than it is. With all n trials it is the best.

    Args:
        scores: (n,), one validation score per trial.
        seconds: (n,), the duration of each trial; None to leave out ``expected_hours``.
        mode: ``"max"`` if larger is better, ``"min"`` if smaller is.
        sizes: the numbers k of trials; None for 1 … n.

    Returns:
        ``num_trials``, ``expected_best``, the standard deviation ``sd`` of the best, and
        ``expected_hours`` of that many trials one after another.
    """
    assert mode in ("max", "min"), mode
    sign = 1.0 if mode == "max" else -1.0
    values = np.sort(sign * np.asarray(scores, dtype=float))
    assert np.isfinite(values).all()
    total = len(values)
    num_trials = np.arange(1, total + 1) if sizes is None else np.asarray(sizes, dtype=int)
    weights = _shares_of_subsets(total, num_trials)
    best = weights @ values
    variance = np.einsum("ki,ki->k", weights, (values[None, :] - best[:, None]) ** 2)
    frame = pd.DataFrame(
        {
            "num_trials": num_trials,
            "expected_best": sign * best,
            "sd": np.sqrt(variance),
        }
    )
    if seconds is not None:
        durations = np.asarray(seconds, dtype=float)
        assert len(durations) == total
        frame["expected_hours"] = num_trials * durations.mean() / 3600
    return frame


def _shares_of_subsets(total: int, sizes: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return the share of the subsets of each size whose best is the i-th worst, (sizes, total)."""
    from scipy import special

    ranks, counts = np.arange(1, total + 1)[None, :], sizes[:, None]
    # The subsets of size k with nothing above rank i, of all of them: C(i, k) / C(n, k).
    logs = special.gammaln(ranks + 1) - special.gammaln(np.maximum(ranks - counts, 0) + 1)
    logs -= special.gammaln(total + 1) - special.gammaln(total - counts + 1)
    within = np.where(ranks >= counts, np.exp(logs), 0.0)
    shares: NDArray[np.float64] = np.diff(within, axis=1, prepend=0.0)
    return shares
