"""Compare the levels of one factor, everything else being equal.

Levels are compared within *sets*: rows that agree in every other parameter and in the seed, with a
finished row at every level of the factor. So every level is judged on the same settings, also in a
study that is half done. Rows that repeat the result of another row (``same_as``) are left out,
because they add no information.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.frames.columns import finished, levels, numbers, repeats
from analysis.frames.load import Study
from analysis.frames.measures import mean_column, picked_by
from analysis.frames.pairing import sets_of
from analysis.frames.rows import TIMED_ON
from analysis.frames.summary import groups_of
from analysis.frames.timing import CONDITIONS, conditions_differ, same_conditions
from analysis.frames.training_time import WALL, compared_time


def sets(
    study: Study, factor: str, wanted: Sequence[Any] | None = None
) -> tuple[pd.DataFrame, list[Any]]:
    """Return the rows of all complete sets of a factor, and its levels.

    Args:
        study: the study.
        factor: the parameter that differs within a set.
        wanted: the levels of a complete set; by default every level that a finished row has.

    Returns:
        The rows with an added ``set`` number; no rows if no set is complete or there is only one
        level.
    """
    rows = finished(study)
    if factor not in rows:
        return rows.iloc[:0].assign(set=0), []
    found = levels(rows, factor) if wanted is None else list(wanted)
    others = [key for key in study.config_keys if key != factor and key in rows]
    numbers_of_sets = sets_of(rows[rows[factor].isin(found)], factor, [*others, "seed"])
    rows = rows.loc[numbers_of_sets.index].assign(set=numbers_of_sets)
    complete = rows.groupby("set")[factor].nunique() == len(found)
    # A set that repeats every result of another seed's set adds no information either.
    complete &= ~repeats(study)[rows.index].groupby(rows["set"]).all()
    rows = rows[rows["set"].map(complete).astype(bool)] if len(rows) else rows
    return (rows, found) if len(found) > 1 else (rows.iloc[:0], found)


def measured(study: Study) -> list[str]:
    """Return what is compared between levels: objective, test measure and training time."""
    return list(dict.fromkeys([*picked_by(study), compared_time(study)]))


def most_at_once(rows: pd.DataFrame) -> float:
    """Return the most trials that ran at once; NaN if a row does not record it."""
    return float(numbers(rows, "num_concurrent_trials").max(skipna=False))


def by_dataset(rows: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Return the rows of each data set with its name; one group without a data set column."""
    if "dataset" not in rows:
        return [({}, rows)] if len(rows) else []
    return [
        ({"dataset": dataset}, group)
        for dataset, group in rows.groupby("dataset", sort=False, dropna=False)
    ]


def levels_data(study: Study, factor: str) -> pd.DataFrame:
    """Compare each level of a factor with the first, per data set and model.

    Returns:
        The groups, ``level``, ``num_sets``, ``num_seeds``, the means of ``measured`` (columns as
        ``mean_column`` names them), ``num_concurrent_trials`` (the largest of these rows; NaN if
        one of them has none), and for every level but the first ``difference`` (mean of the paired
        differences in the measure that is shown), ``smallest``, ``largest``,
        ``time_ratio`` (median of the paired ratios of ``compared_time``, over the pairs timed under
        the same conditions) and ``time_problem`` (why there is no ratio; empty if there is one).
    """
    rows, found = sets(study, factor)
    by = [name for name in groups_of(study) if name in rows and name != factor]
    groups = list(rows.groupby(by, sort=False, dropna=False)) if by else [((), rows)]
    records: list[dict[str, Any]] = []
    for names, group in groups:
        first = _at(study, group, factor, found[0]) if len(group) else group
        for level in found if len(group) else []:
            at = _at(study, group, factor, level)
            record = dict(zip(by, names, strict=True)) | {"level": level, "num_sets": len(at)}
            record["num_seeds"] = group["seed"].nunique()
            record |= {mean_column(metric): at[metric].mean() for metric in measured(study)}
            record["num_concurrent_trials"] = most_at_once(at)
            if level != found[0]:
                shown = picked_by(study).shown
                gained = at[shown] - first[shown]
                record |= {"difference": gained.mean()}
                record |= {"smallest": gained.min(), "largest": gained.max()}
                time = compared_time(study)
                record["time_ratio"] = time_ratios(at, first, time).median()
                record["time_problem"] = _problem(at, first, time)
            records.append(record)
    return pd.DataFrame(records)


def _at(study: Study, group: pd.DataFrame, factor: str, level: Any) -> pd.DataFrame:
    """Return the metrics of one level, one line per set, in the order of the sets."""
    rows = group[group[factor] == level].drop_duplicates("set")
    frame = pd.DataFrame({name: numbers(rows, name) for name in (*measured(study), *CONDITIONS)})
    known = [name for name in ("device", TIMED_ON) if name in rows]
    return frame.join(rows[known]).set_axis(rows["set"]).sort_index()


def time_ratios(above: pd.DataFrame, below: pd.DataFrame, time: str = WALL) -> pd.Series[float]:
    """Return the ratio of the two training times of each pair; NaN if their conditions differ."""
    seconds = below[time].where(below[time] > 0)
    return (above[time] / seconds).where(same_conditions(above, below, time=time))


def _problem(above: pd.DataFrame, below: pd.DataFrame, time: str) -> str:
    """Say why no pair of times can be compared; empty if one can, or if there are no times."""
    timed = above[time].notna() & below[time].notna()
    if not timed.any() or same_conditions(above, below, time=time)[timed].any():
        return ""
    return conditions_differ(above[timed], below[timed], time=time)


def pairs_data(study: Study, factor: str, first: Any, second: Any) -> pd.DataFrame:
    """Return every pair of rows that differ only in whether ``factor`` is ``first`` or ``second``.

    Returns:
        ``dataset`` and ``seed`` if the study has them, ``first`` and ``second`` (the measure that
        is shown), ``difference`` (first − second), ``time_ratio`` (first ÷ second; NaN if the
        conditions differ) and ``time_problem`` (why no pair has a ratio; else empty).
    """
    rows, _ = sets(study, factor, (first, second))
    one, two = _at(study, rows, factor, first), _at(study, rows, factor, second)
    shown = picked_by(study).shown
    frame = pd.DataFrame({"first": one[shown], "second": two[shown]})
    frame["difference"] = frame["first"] - frame["second"]
    time = compared_time(study)
    frame["time_ratio"] = time_ratios(one, two, time)
    frame["time_problem"] = _problem(one, two, time)
    origin = rows.drop_duplicates("set").set_index("set")
    for name in ("dataset", "seed"):
        if name in origin and name != factor:
            frame[name] = origin[name]
    return frame[frame["difference"].notna()].reset_index(drop=True)
