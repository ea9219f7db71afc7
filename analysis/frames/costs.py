"""Which measures of a study are costs: times, energies, memory and sizes."""

from __future__ import annotations

import re
from functools import lru_cache

from analysis.frames.load import Study
from analysis.frames.measures import measure_of, reported_numbers
from tune_app.study.measures import quantity_of

_QUANTITY = "(?:macs|flops|params|parameters|memory|energy|latency)(?:_(?:s|ms|j|kwh|wh|mb|gb))?"
_UNIT = "(?:seconds|ms|joules|kwh|mb|gb)"
_COST = re.compile(f"(?:.*_)?{_QUANTITY}|.*_{_UNIT}")
_RATE = re.compile(f".*_per_(?:{_QUANTITY}|{_UNIT})")
_COST_UNITS = frozenset(
    (
        *("s", "ms", "µs", "us", "ns", "min", "h", "J", "kJ", "MJ", "Wh", "kWh", "W"),
        *("B", "kB", "MB", "GB", "KiB", "MiB", "GiB", "FLOPs", "MACs"),
    )
)


@lru_cache(maxsize=64)
def cost_measures(study: Study) -> list[str]:
    """Return the reported measures of time, energy, memory or size, of which less is better.

    Their names or units tell. A loss is a result and no cost, and so is what is measured on
    validation or test data, such as the error of a predicted energy. A rate, such as
    ``images_per_ms``, is no cost either.
    """
    found = []
    for name in reported_numbers(study):
        measure = measure_of(study, name)
        says_so = _COST.fullmatch(name) or measure.unit in _COST_UNITS
        is_result = measure.split in ("val", "test") or quantity_of(name) == "loss"
        is_none = measure.better == "max" or is_result or _RATE.fullmatch(name)
        if says_so and not is_none:
            found.append(name)
    return found
