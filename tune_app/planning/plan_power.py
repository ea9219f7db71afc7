"""What the seeds and the test images of a study can show, before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tune_app.planning.prepared_study import PreparedStudy
from tune_app.study.power import fewest_pairs, smallest_difference
from tune_app.study.study_file import SAME_AT_EVERY_SEED

ASSUMED = 0.9
"""The accuracy that is assumed before anything is trained."""


class PlanPower(NamedTuple):
    """What a study can show.

    Attributes:
        num_seeds: its seeds.
        fewest_seeds: how many seeds a paired test at 5 % needs to show anything.
        standard_deviations: the smallest difference that such a test shows in 4 of 5 studies, in
            standard deviations of the seeds' differences; None with fewer seeds.
        num_test: the items of the smallest test split; 0 if there is none, or of targets only.
        accuracy_points: how exactly an accuracy of 90 % on them is known, plus or minus, in
            percentage points; None without such items.
    """

    num_seeds: int
    fewest_seeds: int
    standard_deviations: float | None
    num_test: int
    accuracy_points: float | None


def power_of(study: PreparedStudy) -> PlanPower | None:
    """Return what a study can show; None for a search, and where the seed changes nothing."""
    meta, configurations = study.ledger.study, study.ledger.configurations()
    if study.search is not None or len(meta.get(SAME_AT_EVERY_SEED, ())) == len(configurations):
        return None
    classified = [data for data in study.images.values() if data.class_names is not None]
    fewest = min((len(data.test) for data in classified), default=0)
    return plan_power(len(meta["seeds"]), num_varied([c.config for c in configurations]), fewest)


def plan_power(num_seeds: int, num_varied: int, num_test: int = 0) -> PlanPower:
    """Return what so many seeds and test images can show.

    Args:
        num_seeds: the number of seeds.
        num_varied: the number of parameters that vary; with more than one there are several pairs
            a seed.
        num_test: the number of test images; 0 if it is unknown.
    """
    shown = None
    if num_seeds >= fewest_pairs():
        shown = smallest_difference(1.0, num_seeds, by_student=num_varied > 1)
    points = None
    if num_test:
        points = 100 * 1.96 * math.sqrt(ASSUMED * (1 - ASSUMED) / num_test)
    return PlanPower(num_seeds, fewest_pairs(), shown, num_test, points)


def num_varied(configs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many parameters differ between configurations."""
    values: dict[str, set[str]] = {}
    for config in configs:
        for name, value in config.items():
            values.setdefault(name, set()).add(repr(value))
    return sum(len(found) > 1 for found in values.values())
