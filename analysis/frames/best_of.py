"""What new seeds give for the picks of another study, beside what that study claims for them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.frames.columns import numbers, repeats
from analysis.frames.load import Study
from analysis.frames.measures import shown_of
from analysis.stats import Interval, mean_interval
from analysis.stats.intervals import UNKNOWN
from tune_app.study.best_of import BestOf, Pick, best_of_study
from tune_app.study.trials import FINISHED

FEWEST_SEEDS = 3
"""Fewer seeds give no interval of a mean: it would be as wide as the scale."""


@dataclass(frozen=True)
class Estimate:
    """The mean of a measure over new seeds.

    Attributes:
        name: the measure.
        mean: the mean; NaN without a value.
        low, high: Student's 95 % interval; NaN with fewer than three values.
        num_seeds: how many seeds have a value.
    """

    name: str
    mean: float
    low: float
    high: float
    num_seeds: int


@dataclass(frozen=True)
class Repeated:
    """A pick, what was claimed for it, and what new seeds give.

    Attributes:
        pick: the pick and the claim.
        dataset: its data set, or None.
        claimed: the measure that picked, over the new seeds.
        shown: the same quantity on test data, or None if there is no such measure.
        num_diverged: new seeds at which the training diverged, which the means leave out.
    """

    pick: Pick
    dataset: object
    claimed: Estimate
    shown: Estimate | None
    num_diverged: int

    @property
    def excess(self) -> float:
        """By how much the claim is higher than the mean over new seeds."""
        return self.pick.value - self.claimed.mean


def repeated(study: Study) -> tuple[BestOf, list[Repeated]] | None:
    """Return the picks that a study repeats; None if it repeats none.

    Rows at the seeds of the other study do not count, since they were picked for their luck.
    """
    best_of = best_of_study(study.meta)
    if best_of is None:
        return None
    rows = study.rows[~study.rows["seed"].isin(best_of.seeds) & ~repeats(study)]
    by_id = {pick.config_id: pick for pick in best_of.picks}
    shown = shown_of(study).name
    found = []
    for config_id, pick in by_id.items():
        mine = rows[rows["config_id"] == config_id]
        of_config = study.rows[study.rows["config_id"] == config_id]
        has_dataset = "dataset" in study.config_keys and len(of_config)
        results = mine[mine["status"].isin(FINISHED)]
        found.append(
            Repeated(
                pick=pick,
                dataset=of_config.iloc[0]["dataset"] if has_dataset else None,
                claimed=_estimate(results, best_of.metric),
                shown=_estimate(results, shown) if shown != best_of.metric else None,
                num_diverged=int((mine["status"] == "diverged").sum()),
            )
        )
    return best_of, found


def _estimate(rows: pd.DataFrame, name: str) -> Estimate:
    values = numbers(rows, name).dropna()
    interval: Interval = mean_interval(values) if len(values) >= FEWEST_SEEDS else UNKNOWN
    return Estimate(name, float(values.mean()), interval.low, interval.high, len(values))
