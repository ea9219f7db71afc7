"""The rows of a study as the data set that its figures share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.chart import Data, Spec
from analysis.figures.fields import Field, factor_field, measure_field, with_parts
from analysis.frames.columns import finished, levels, numbers, varied
from analysis.frames.load import Study
from analysis.frames.measures import picked_by, reported_numbers
from analysis.frames.pareto import on_any_front
from analysis.frames.seeds import over_seeds
from analysis.frames.tables import inert_axes
from analysis.frames.training_time import TUNE_SECONDS, time_measures

MOST_MEASURES = 14
MOST_FACTORS = 40
MOST_TOLD = 8
"""So many factors and measures are named in the box that describes a mark."""
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, eq=False)
class Rows:
    """The finished configurations of a study, the mean of their seeds, one line each.

    Attributes:
        frame: the configurations as ``over_seeds`` returns them.
        factors: the varied factors, in their order.
        measures: the reported numbers, the objective first; a time is always among them.
        names: key of a field -> parameter or measure.
        time: the measure of what a training took; None if it is unknown.
        data: ``id``, ``jitter`` (0 to 1, to spread marks at one value of a discrete axis) and a
            column per field. If some configurations are not compared with the others, because they
            have results at fewer seeds, ``fair`` is false for these.
    """

    frame: pd.DataFrame
    factors: tuple[Field, ...]
    measures: tuple[Field, ...]
    names: dict[str, str]
    time: str | None
    data: Data

    @property
    def objective(self) -> Field:
        """The measure that selects."""
        return self.measures[0]

    @property
    def is_fair(self) -> list[bool]:
        """Whether each configuration has results at enough seeds to be compared."""
        return list(self.data.columns.get("fair", [True] * len(self.frame)))

    @property
    def tooltip(self) -> list[Spec]:
        """What the box that describes a mark says: the configuration and its values."""
        return [f.tooltip() for f in (*self.factors[:MOST_TOLD], *self.measures[:3])]

    def found(self, *without: str) -> Spec:
        """Return the transformation that adds the rows' columns to marks that have their ``id``."""
        columns = [column for column in self.data.columns if column not in ("id", *without)]
        source = {"data": {"name": self.data.name}, "key": "id", "fields": columns}
        return {"lookup": "id", "from": source}

    def measure(self, name: str) -> Field | None:
        """Return the field of a measure, None if no row has it."""
        return next((f for f in self.measures if self.names[f.key] == name), None)


@lru_cache(maxsize=8)
def rows_of(study: Study, key: str) -> Rows | None:
    """Return the configurations that have the objective; None if there is none.

    Args:
        study: the study.
        key: the name of its main table.
    """
    measured = [name for name in reported_numbers(study) if name not in study.config_keys]
    rows = finished(study)
    if study.metric not in measured or numbers(rows, study.metric).isna().all():
        return None
    measured = [study.metric, *(name for name in measured if name != study.metric)]
    if not set(time_measures(study)) & {*measured, *study.config_keys}:
        measured.insert(len(set(picked_by(study))), TUNE_SECONDS)
    frame = over_seeds(rows, measured)
    frame = frame[numbers(frame, study.metric).notna()].reset_index(drop=True)
    inert = inert_axes(study)
    varying = [n for n in varied(study, study.factors) if n not in inert]
    varying = [n for n in varying if len(levels(frame, n)) > 1 or frame[n].isna().any()]
    factors = [factor_field(study, frame, n, f"f{i}") for i, n in enumerate(varying)]
    told = [n for n in measured if numbers(frame, n).notna().any()]
    measures = [measure_field(study, frame, n, f"m{i}") for i, n in enumerate(told)]
    factors, measures = factors[:MOST_FACTORS], measures[:MOST_MEASURES]
    keys = dict(zip([f.key for f in factors], varying, strict=False))
    keys |= dict(zip([m.key for m in measures], told, strict=False))
    columns: dict[str, list[Any]] = {
        "id": [str(value) for value in frame["config_id"]],
        "jitter": [round(float(x), 3) for x in np.arange(len(frame)) * _GOLDEN % 1.0],
        **{one.key: list(one.values) for one in with_parts([*factors, *measures])},
    }
    fair = frame["config_id"].isin(on_any_front(study))
    if not fair.all():
        columns["fair"] = fair.tolist()
    data = Data(f"{key}-rows", columns)
    time = next((n for n in time_measures(study) if numbers(frame, n).notna().all()), None)
    return Rows(frame, tuple(factors), tuple(measures), keys, time, data)


def shown_measure(study: Study, rows: Rows) -> Field:
    """Return the measure by which results are told: on test data if rows have it."""
    return rows.measure(picked_by(study).shown) or rows.objective


def problem_of(rows: Rows) -> Field | None:
    """Return the factor that is the problem and not the method: a data set, if it varies."""
    return next((f for f in rows.factors if rows.names[f.key] == "dataset"), None)


def by_spread(rows: Rows, measure: Field) -> list[Field]:
    """Return the factors, the one first that explains most of a measure's variance alone.

    A data set comes last: how much harder one is than another says nothing about a factor.
    """
    values = pd.Series(measure.values, dtype="float64")
    problem = problem_of(rows)

    def explained(factor: Field) -> float:
        of_level = values.groupby(list(factor.grouping.values)).transform("mean")
        return -math.inf if factor is problem else float(of_level.var(ddof=0))

    return sorted(rows.factors, key=explained, reverse=True)
