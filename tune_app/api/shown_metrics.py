"""The measures of an exported training, with their intervals and as they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune_app.api.row_weights import RowWeights
from tune_app.study.objective import finite_number

if TYPE_CHECKING:
    from analysis.frames.load import Study

_TIMES = ("train_seconds",)
"""Measures of a split that say nothing of the model."""


@dataclass(frozen=True)
class ShownMetric:
    """A measure of the exported training.

    Attributes:
        name: the measure.
        title: the measure in words, with its unit.
        value: its value.
        low, high: its 95 % interval over the items it was counted on; None if it has none.
        cells: the value and the interval as they are printed.
        split: the data it was taken on, or None.
    """

    name: str
    title: str
    value: float
    low: float | None
    high: float | None
    cells: tuple[str, str]
    split: str | None


def shown_metrics(study: Study, chosen: RowWeights) -> list[ShownMetric]:
    """Return the measures of a training: the objective and the same on test data first."""
    from analysis.frames.measures import measure_of, measures_of, num_items_of, reported_numbers
    from analysis.stats import proportion_interval

    found = []
    for name in reported_numbers(study):
        value, measure = finite_number(chosen.record.get(name)), measure_of(study, name)
        if value is None or measure.split is None or name in _TIMES:
            continue
        items = num_items_of(study, chosen.dataset, name)
        low = high = None
        interval = ""
        if items and measures_of(study).is_counted(name) and 0 <= value <= 1:
            low, high = proportion_interval(value * items, items)
            interval = (
                f"{measure.cell(low, items)} to {measure.cell(high, items)}, {items:,.0f} items"
            )
        cells = (measure.cell(value, items), interval)
        found.append(ShownMetric(name, measure.heading, value, low, high, cells, measure.split))
    return found
