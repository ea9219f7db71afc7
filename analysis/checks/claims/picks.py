"""Tests of claims about which configuration is the best.

Among many noisy results the best one is often the best by chance. A claim about the best
configuration is therefore judged on all configurations that cannot be told apart from it, by
validation accuracy if there is such a column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.configurations import (
    NUM_ROWS,
    OF_SEEDS,
    RESULTS,
    RUN_DF,
    RUN_VARIANCE,
    configurations_of,
    judged_by,
    no_share,
)
from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.origin import RESULT
from analysis.checks.claims.outcome import (
    SHARE,
    Outcome,
    named,
    not_comparable,
    printed,
    size,
)
from analysis.checks.claims.proportions import two_accuracies
from analysis.stats import holm


@dataclass(frozen=True)
class BestHas:
    """Claims that the best configuration has certain values.

    The claim is supported if every configuration tied with the best has these values, and
    contradicted if none has. It is not comparable if all rows have one of the values, because then
    nothing could be better. Two configurations are tied if a two-sided test of their accuracies,
    adjusted by Holm's method over the configurations, does not tell them apart. The p-value of the
    claim is the largest among the configurations that speak against it. The variance of the test is
    that of both counts of images, and that of training if several seeds or a placebo show it.
    Without several seeds the verdict is about the trained models.

    Attributes:
        has: setting -> value.
        placebo: a factor that changes nothing, from which the noise of a run is estimated.
    """

    has: Mapping[str, Any] = field(hash=False)
    placebo: str = "pin_memory"

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim on the evidence."""
        metric, images = judged_by(evidence)
        usable = evidence.with_metric(metric)
        if usable.rows.empty or usable.rows[images].isna().any():
            return not_comparable(f"no rows with {named(metric)} and a known number of images")
        if problem := no_share(usable, metric):
            return not_comparable(problem)
        if unknown := evidence.lacks(*self.has):
            return not_comparable(unknown)
        fitting = frozenset(usable.where(self.has).rows[RESULT])
        if not fitting:
            wanted = ", ".join(
                f"{named(name)} {printed(value)}" for name, value in self.has.items()
            )
            return not_comparable(f"no row has {wanted}")
        for name, value in self.has.items():
            if usable.rows[name].map(str).nunique() == 1:
                return not_comparable(
                    f"every row has {named(name)} {printed(value)}, so no other can be better"
                )
        rows = configurations_of(usable, metric, self.placebo)
        rows = rows[rows[NUM_ROWS] == rows[NUM_ROWS].max()].reset_index(drop=True)
        columns = (metric, images, RUN_VARIANCE, RUN_DF)
        p_values = against_best(*(rows[name].to_numpy(dtype=float) for name in columns))
        tied = p_values >= alpha
        fits = np.array([not fitting.isdisjoint(results) for results in rows[RESULTS]])
        num_tied, num_fit = int(tied.sum()), int((tied & fits).sum())
        supports = bool(fits[int(np.argmax(rows[metric].to_numpy(dtype=float)))])
        return Outcome(
            word=None,
            reason=f"{self._best(rows, metric)}; {num_tied} of {len(rows)} configurations are "
            f"tied with it, {num_fit} of these have the claimed values",
            effect=num_fit / num_tied,
            unit=SHARE,
            of="those tied with the best",
            p_value=float(p_values[fits != supports].max(initial=0.0)),
            supports=supports,
            of_runs=not rows[OF_SEEDS].all(),
            num_pairs=len(rows),
            num_seeds=int(rows["num_seeds"].max()),
            wins=num_fit,
        )

    def _best(self, rows: pd.DataFrame, metric: str) -> str:
        best = int(np.argmax(rows[metric].to_numpy(dtype=float)))
        top, variance = float(rows[metric].iloc[best]), float(rows[RUN_VARIANCE].iloc[best])
        settings = [k for k in dict.fromkeys((*self.has, "batch_size", "lr")) if k in rows]
        shown = ", ".join(f"{named(name)} {printed(rows.loc[best, name])}" for name in settings)
        noise = f"noise of training {size(math.sqrt(variance))}" if variance else "one run each"
        return f"highest {named(metric)} {100 * top:.2f} % ({shown}; {noise})"


def against_best(
    accuracy: NDArray[np.float64],
    num_images: NDArray[np.float64],
    run_variance: NDArray[np.float64],
    run_df: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return for each configuration the adjusted p-value that it equals the best; 1 for that."""
    best = int(np.argmax(accuracy))
    others = np.delete(np.arange(len(accuracy)), best)
    p_values = np.ones(len(accuracy))
    p_values[others] = holm(
        two_accuracies(
            accuracy[best],
            num_images[best],
            accuracy[others],
            num_images[others],
            run_variance=run_variance[best] + run_variance[others],
            run_df=np.minimum(run_df[best], run_df[others]),
        )
    )
    return p_values
