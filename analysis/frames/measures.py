"""The measures of a study: which selects, which shows the pick, and how each is printed.

What a measure means comes from the study (``tune_app.study.measures``): from what its search space
declares, else from the measure's name. Whether it is a share depends on its values, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd

from analysis.frames.cells import (
    decimals_of,
    format_cell,
    format_points,
    grouped,
    half_up,
    signed,
)
from analysis.frames.columns import numbers
from analysis.frames.labels import (
    LARGEST_WHOLE,
    heading,
    with_minus,
    without_escapes,
    words_of,
)
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.frames.training_time import compared_time
from search_spaces.errors import one_line
from tune_app.study.measures import NOT_MEASURED, Measures

_TOTAL_TIMES = ("train_seconds", "fit_seconds", "predict_seconds")
_COSTS = ("num_parameters", "macs", "flops", "live_flops")
_LARGE = 1000
"""A difference of this size or more is printed in whole numbers."""


@dataclass(frozen=True)
class Measure:
    """A reported quantity of a study, and how it is printed.

    Attributes:
        name: its column.
        split: the data it was taken on: ``train``, ``val``, ``test``, or None if unknown.
        better: ``max`` or ``min``; None if neither is better, or it is unknown.
        unit: its unit; ``%`` for a share, which is a fraction in data and a percentage in print.
        counts: the column with the number of items that a share was counted over; None if it
            counts none, or the number is not reported.
    """

    name: str
    split: str | None = None
    better: str | None = None
    unit: str = ""
    counts: str | None = None

    @property
    def in_percent(self) -> bool:
        """Whether it is a share, printed in percent."""
        return self.unit == "%"

    @property
    def words(self) -> str:
        """Its name in words: ``test accuracy``."""
        return words_of(self.name, self.unit)

    @property
    def heading(self) -> str:
        """Its name with its unit, as the heading of a column."""
        return heading(
            self.name, as_share=self.in_percent, unit="" if self.in_percent else self.unit
        )

    @property
    def axis(self) -> str:
        """Its name with its unit as figures have it, but for the percent sign of a share."""
        return f"{self.words} ({self.unit})" if self.unit and not self.in_percent else self.words

    def cell(self, value: Any, num_items: float | None = None) -> str:
        """Return a value without its unit, a share with the digits that the items resolve."""
        return format_cell(self.name, value, num_items, as_share=self.in_percent)

    def value(self, value: float, num_items: float | None = None) -> str:
        """Return a value with its unit: ``97.5 %``, ``12.3 mm``."""
        return f"{self.cell(value, num_items)} {self.unit}".rstrip()

    def difference(self, value: float, num_items: float | None = None) -> str:
        """Return a difference with its sign, without its unit; zero has no sign."""
        if self.in_percent or not math.isfinite(value):
            return format_points(value, num_items)
        is_whole = _LARGE <= abs(value) < LARGEST_WHOLE
        text = f"{abs(value):.0f}" if is_whole else f"{abs(value):.3g}"
        return signed(grouped(text), value)

    def estimate(
        self, value: float, low: float, high: float, num_items: float | None = None
    ) -> list[str]:
        """Return a value and the ends of its interval without units.

        What counts no items has as many digits as the interval leaves certain.
        """
        decimals = None if self.in_percent else decimals_of((high - low) / 2)
        if decimals is None:
            return [self.cell(one, num_items) for one in (value, low, high)]
        return [with_minus(grouped(half_up(one, decimals))) for one in (value, low, high)]

    def estimated_difference(
        self, value: float, low: float, high: float, num_items: float | None = None
    ) -> list[str]:
        """Return a difference and the ends of its interval with signs, as ``estimate`` does."""
        decimals = None if self.in_percent else decimals_of((high - low) / 2)
        if decimals is None:
            return [self.difference(one, num_items) for one in (value, low, high)]
        return [signed(grouped(half_up(abs(one), decimals)), one) for one in (value, low, high)]

    @property
    def difference_unit(self) -> str:
        """The unit of a difference: ``points`` for a share; empty if it has none."""
        return "points" if self.in_percent else self.unit

    def in_words(self, value: float, num_items: float | None = None) -> str:
        """Return a difference with its sign and unit: ``+1.2 points``."""
        return f"{self.difference(value, num_items)} {self.difference_unit}".rstrip()


TEST_ACCURACY = Measure("test_accuracy", "test", "max", "%", "num_test")


class Quality(NamedTuple):
    """Two measures of one quantity.

    Attributes:
        selected: the objective: the measure that selects.
        shown: the same quantity on test data; the objective itself if there is none.
    """

    selected: str
    shown: str

    @property
    def is_optimistic(self) -> bool:
        """Whether a pick is shown by the very values that selected it."""
        return self.selected == self.shown


@lru_cache(maxsize=64)
def measures_of(study: Study) -> Measures:
    """Return what the measures of a study mean."""
    return Measures.of_study(study.meta)


@lru_cache(maxsize=256)
def measure_of(study: Study, name: str) -> Measure:
    """Return a measure of a study. A parameter is never a share, whatever its name is."""
    known = measures_of(study)
    unit = without_escapes(one_line(known.unit(name)))
    is_share = name not in study.config_keys and known.is_share(name, numbers(study.rows, name))
    unit = "%" if is_share else "" if unit == "%" else unit
    counts, declared = known.count(name), known.declared.get(name)
    if counts in study.config_keys and not (declared and declared.count):
        counts = None  # a user's parameter that has the name of our count by chance
    return Measure(name, known.split(name), known.better(name), unit, counts)


def is_share_in(study: Study, column: str) -> bool:
    """Return whether a study's column is a share, so that it is printed in percent."""
    return measure_of(study, column).in_percent


def objective_of(study: Study) -> Measure:
    """Return the measure that selects."""
    return measure_of(study, study.metric)


def shown_of(study: Study) -> Measure:
    """Return the measure by which results are shown and compared: on test data if there is one."""
    return measure_of(study, picked_by(study).shown)


@lru_cache(maxsize=64)
def picked_by(study: Study) -> Quality:
    """Return the measures by which configurations are picked and the picks are shown."""
    on_test = measures_of(study).on_test_data(study.metric, study.metric_keys)
    return Quality(study.metric, on_test or study.metric)


@lru_cache(maxsize=256)  # every cell of a table asks for it
def num_items_of(study: Study, dataset: object, name: str) -> float | None:
    """Return how many items a share was counted over, None if unknown or if it counts none.

    It is what the rows report, else the size of the split of the data set.

    Args:
        study: the study.
        dataset: the data set; None for all, if they agree.
        name: the measure.
    """
    measure = measure_of(study, name)
    if not measure.in_percent:
        return None
    rows = study.rows
    if dataset is not None and "dataset" in rows:
        rows = rows[rows["dataset"] == dataset]
    reported = numbers(rows, measure.counts or "").dropna().unique()
    if len(reported):
        return float(reported[0]) if len(reported) == 1 and reported[0] > 0 else None
    datasets = datasets_of(study.meta.get("data"))
    entries = list(datasets.values()) if dataset is None else [datasets.get(str(dataset), {})]
    counts = {entry.get(f"num_{measure.split}") for entry in entries}
    count = counts.pop() if len(counts) == 1 else None
    return float(count) if isinstance(count, (int, float)) and count > 0 else None


def metric_cell(study: Study, dataset: object, name: str, value: Any, *, num_seeds: int = 1) -> str:
    """Return a measure's text; a mean over seeds is counted on the items of all of them."""
    items = num_items_of(study, dataset, name)
    return measure_of(study, name).cell(value, items and items * num_seeds)


def mean_column(name: str) -> str:
    """Return the column of a frame of comparisons with the means of a measure.

    A measure may have the name of another column there, such as ``level``.
    """
    return f"mean_{name}"


def reported_numbers(study: Study) -> list[str]:
    """Return the measures of a study that are numbers, the most telling first.

    They are the objective, the same on test data, what the search space declares, total times,
    other measures on test data, on validation data and on no known data, and those on training
    data.
    """
    names = [
        name
        for name in study.metric_keys
        if name not in NOT_MEASURED
        and pd.api.types.is_numeric_dtype(study.rows[name])
        and not pd.api.types.is_bool_dtype(study.rows[name])
    ]
    known, first = measures_of(study), list(picked_by(study))
    times = list(dict.fromkeys((compared_time(study), *_TOTAL_TIMES)))
    splits = ("test", "val", None, "train")

    def place(name: str) -> tuple[int, int]:
        if name in first:
            return 0, first.index(name)
        if name in known.declared:
            return 1, [*known.declared].index(name)
        if name in times:
            return 2, times.index(name)
        is_detail = name.endswith("_seconds") or name in _COSTS
        return 4 if is_detail else 3, splits.index(known.split(name))

    return sorted(names, key=place)


def selection_words(study: Study) -> str:
    """Return how a configuration is picked: ``picked on validation``, ``picked by its score``."""
    if measures_of(study).split(study.metric) == "val":
        return "picked on validation"
    return f"picked by its {objective_of(study).words}"
