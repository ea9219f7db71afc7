"""How far apart two configurations must be for their test items to tell them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist, median

from analysis.frames.answer import Winner
from analysis.frames.columns import datasets_of_rows, numbers
from analysis.frames.load import Study
from analysis.frames.measures import picked_by
from analysis.frames.saved_predictions import StudyRow, compare_predictions
from analysis.frames.seeds import over_seeds
from analysis.frames.summary import candidates
from analysis.stats import mcnemar_smallest

_ALPHA = 0.05
_MOST_COMPARED = 20
"""The configurations nearest to the best, whose predictions are read."""


@dataclass(frozen=True)
class Resolution:
    """The smallest difference between two accuracies at one seed that a test finds.

    Attributes:
        difference: that difference, a share.
        is_paired: whether it is that of McNemar's test on the same items; else that of two
            independent samples.
    """

    difference: float
    is_paired: bool


def resolution_of(study: Study, winner: Winner) -> Resolution | None:
    """Return how far another configuration must be from the best one at its number of items.

    Two trained models that were tested on the same items differ in few of them, and only these
    decide. So the number is that of a configuration which differs from the best in as many items as
    the configurations nearest to it do, by their saved predictions. Without these both accuracies
    count as independent, which is on the safe side.

    Returns:
        None for a measure that counts no items, for several seeds, or for one configuration.
    """
    items = winner.num_items
    if not items or winner.num_seeds != 1 or winner.num_candidates < 2:
        return None
    if not 0 <= winner.shown <= 1:  # damaged, or without a test result
        return None
    if different := _nearest_different(study, winner):
        return Resolution(mcnemar_smallest(round(median(different)), _ALPHA) / items, True)
    share = (winner.shown * items + 1) / (items + 2)  # as Agresti & Caffo 2000, for shares near 1
    error = math.sqrt(2 * share * (1 - share) / items)
    return Resolution(NormalDist().inv_cdf(1 - _ALPHA / 2) * error, False)


def _nearest_different(study: Study, winner: Winner) -> list[int]:
    """Return on how many items just one of the best and another configuration is right."""
    rows, shown = candidates(study), picked_by(study).shown
    rows = rows[numbers(rows, shown).notna() & (rows["config_id"] != winner.config["config_id"])]
    if winner.dataset is not None:
        rows = rows[rows["dataset"] == winner.dataset]
    rows = over_seeds(rows, [shown])
    order = (numbers(rows, shown) - winner.shown).abs().sort_values(kind="stable").index
    dataset = datasets_of_rows(study).iloc[0] if winner.dataset is None else winner.dataset
    near = [winner.config.to_dict(), *rows.loc[order].head(_MOST_COMPARED).to_dict("records")]
    best, *others = (
        StudyRow(study, (str(row["config_id"]), int(row["seed"])), dataset) for row in near
    )
    found = [compare_predictions(best, other) for other in others]
    return [one.only_first + one.only_second for one in found if one and not one.is_bound]
