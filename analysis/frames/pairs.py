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

from analysis.frames.arithmetic import arithmetics
from analysis.frames.columns import finished, levels, numbers, repeats, varied
from analysis.frames.load import Study
from analysis.frames.pairing import sets_of, text_keys
from analysis.frames.quality import compared_by, mean_column, measures_of
from analysis.stats import conditions_differ, same_conditions
from analysis.stats.timing import CONDITIONS

_GROUPS = ("dataset", "model")
PAIR_MEANS = ("first", "second", "difference", "time_ratio")
"""The numbers of ``pairs_data``."""


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


def main_effects_data(study: Study) -> pd.DataFrame:
    """Return the mean result at every level of every varied factor, per data set.

    Returns:
        ``dataset`` (if the study has one), ``factor``, ``level``, ``num_sets``, the means over
        complete sets of ``train_seconds`` and of the measures of ``compared_by`` (the columns are
        ``mean_column`` of them, such as ``val_accuracy``), and ``num_concurrent_trials``, the
        largest of these rows (NaN if one of them has none).
    """
    records: list[dict[str, Any]] = []
    for factor in varied(study):
        if factor == "dataset":
            continue
        rows, found = sets(study, factor)
        for names, group in by_dataset(rows):
            for level in found:
                at = group[group[factor] == level]
                if len(at):
                    means = {
                        mean_column(study, metric): numbers(at, metric).mean()
                        for metric in _measured(study)
                    }
                    means["num_concurrent_trials"] = _most(at)
                    records.append(
                        names
                        | {"factor": factor, "level": level, "num_sets": at["set"].nunique()}
                        | means
                    )
    return pd.DataFrame(records)


def _measured(study: Study) -> list[str]:
    """Return what is measured at each level: ``compared_by`` and the training time."""
    return list(dict.fromkeys([*compared_by(study), "train_seconds"]))


def _most(rows: pd.DataFrame) -> float:
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
        The groups, ``level``, ``num_sets``, ``num_seeds``, the means as in
        ``main_effects_data``, ``num_concurrent_trials`` (the largest of these rows; NaN if one of
        them has none), and for every level but the first ``difference`` (mean of the paired
        differences in the measure that is shown, test accuracy), ``smallest``, ``largest``,
        ``time_ratio`` (median of the paired ratios of ``train_seconds``, over the pairs timed under
        the same conditions) and ``time_problem`` (why there is no ratio; empty if there is one).
    """
    rows, found = sets(study, factor)
    by = [name for name in _GROUPS if name in rows and name != factor]
    groups = list(rows.groupby(by, sort=False, dropna=False)) if by else [((), rows)]
    records: list[dict[str, Any]] = []
    for names, group in groups:
        first = _at(study, group, factor, found[0]) if len(group) else group
        for level in found if len(group) else []:
            at = _at(study, group, factor, level)
            record = dict(zip(by, names, strict=True)) | {"level": level, "num_sets": len(at)}
            record["num_seeds"] = group["seed"].nunique()
            record |= {metric: at[metric].mean() for metric in _measured(study)}
            record["num_concurrent_trials"] = _most(at)
            if level != found[0]:
                shown = compared_by(study).shown
                gained = at[shown] - first[shown]
                record |= {"difference": gained.mean()}
                record |= {"smallest": gained.min(), "largest": gained.max()}
                record["time_ratio"] = time_ratios(at, first).median()
                record["time_problem"] = _problem(at, first)
            records.append(record)
    return pd.DataFrame(records)


def _at(study: Study, group: pd.DataFrame, factor: str, level: Any) -> pd.DataFrame:
    """Return the metrics of one level, one line per set, in the order of the sets."""
    rows = group[group[factor] == level].drop_duplicates("set")
    frame = pd.DataFrame({name: numbers(rows, name) for name in (*_measured(study), *CONDITIONS)})
    return frame.assign(device=rows["device"]).set_axis(rows["set"]).sort_index()


def time_ratios(above: pd.DataFrame, below: pd.DataFrame) -> pd.Series[float]:
    """Return the ratio of the two training times of each pair; NaN if their conditions differ."""
    seconds = below["train_seconds"].where(below["train_seconds"] > 0)
    return (above["train_seconds"] / seconds).where(same_conditions(above, below))


def _problem(above: pd.DataFrame, below: pd.DataFrame) -> str:
    """Say why no pair of times can be compared; empty if one can, or if there are no times."""
    timed = above["train_seconds"].notna() & below["train_seconds"].notna()
    if not timed.any() or same_conditions(above, below)[timed].any():
        return ""
    return conditions_differ(above[timed], below[timed])


def pairs_data(study: Study, factor: str, first: Any, second: Any) -> pd.DataFrame:
    """Return every pair of rows that differ only in whether ``factor`` is ``first`` or ``second``.

    Returns:
        ``dataset``, ``model`` and ``seed`` if the study has them, ``first`` and ``second`` (the
        measure that is shown: test accuracies), ``num_test`` (the items that it was counted over;
        NaN if unknown), ``difference`` (first − second), ``time_ratio`` (first ÷ second; NaN if the
        conditions differ), ``time_problem`` (why no pair has a ratio; else empty),
        ``computed_alike`` (False if the two are known to come from different arithmetics) and
        ``runs``, the frozen set of the pair's trials.
    """
    rows, _ = sets(study, factor, (first, second))
    one, two = _at(study, rows, factor, first), _at(study, rows, factor, second)
    shown = compared_by(study).shown
    frame = pd.DataFrame({"first": one[shown], "second": two[shown]})
    frame["difference"] = frame["first"] - frame["second"]
    frame["time_ratio"] = time_ratios(one, two)
    frame["time_problem"] = _problem(one, two)
    origin = rows.drop_duplicates("set").set_index("set")
    for name in ("dataset", "model", "seed"):
        if name in origin and name != factor:
            frame[name] = origin[name]
    frame["num_test"] = numbers(origin, measures_of(study).count(shown) or "")
    computed = arithmetics(study)[rows.index].groupby(rows["set"])
    frame["computed_alike"] = computed.agg(lambda found: len(frozenset().union(*found)) < 2)
    trials = rows.groupby("set")["trial_id"].agg(frozenset)
    frame["runs"] = trials.reindex(frame.index)
    return frame[frame["difference"].notna()].reset_index(drop=True)


def pivot_data(study: Study, dataset: Any, across: str = "model") -> pd.DataFrame:
    """Return the test accuracies of one data set as a grid.

    Seeds are averaged. Parameters that change nothing are left out.

    Returns:
        One row per setting of the other varied parameters: these parameters, then one column per
        level of ``across``.
    """
    rows = finished(study)
    rows = rows[rows["dataset"] == dataset] if "dataset" in rows else rows
    down = [k for k in varied(study) if k not in ("dataset", across) and len(levels(rows, k)) > 1]
    values = rows.assign(value=numbers(rows, "test_accuracy"))
    keys = text_keys(values, down)
    values["key"] = pd.Series(keys, index=values.index, dtype=object)
    table = values.pivot_table(
        index="key", columns=across, values="value", aggfunc="mean", sort=False, dropna=False
    )
    table = table[[level for level in levels(rows, across) if level in table.columns]]
    left = values.drop_duplicates("key").set_index("key")[down]
    return left.join(table).reset_index(drop=True)
