"""Frames that set configurations against each other, everything but one factor being equal.

A comparison is made within *sets*: rows that agree in every other parameter and in the seed, and
of which every level of the factor has finished. So no level is judged on easier settings than
another, and a study that is half done compares what can be compared. Rows that repeat the result
of another row (``same_as``) are left out: they hold no information of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.frames.arithmetic import arithmetics
from analysis.frames.columns import finished, levels, numbers, repeats, varied
from analysis.frames.load import Study
from analysis.frames.pairing import sets_of, side_by_side, text_keys
from analysis.stats import conditions_differ, same_conditions

QUALITY = ("val_accuracy", "test_accuracy", "train_seconds")
_GROUPS = ("dataset", "model")
PAIR_MEANS = ("first", "second", "difference", "time_ratio")
"""The numbers of ``pairs_data``."""
_CONDITIONS = ("num_concurrent_trials", "num_threads")


def sets(
    study: Study, factor: str, wanted: Sequence[Any] | None = None
) -> tuple[pd.DataFrame, list[Any]]:
    """Return the rows of all complete sets of a factor, and its levels.

    Args:
        study: the study.
        factor: the parameter that differs within a set.
        wanted: the levels a complete set has; by default all that any finished row has.

    Returns:
        The rows with an added ``set`` number; empty when no set is complete or there is one level.
    """
    rows = finished(study)
    if factor not in rows:
        return rows.iloc[:0].assign(set=0), []
    found = levels(rows, factor) if wanted is None else list(wanted)
    others = [key for key in study.config_keys if key != factor and key in rows]
    numbers_of_sets = sets_of(rows[rows[factor].isin(found)], factor, [*others, "seed"])
    rows = rows.loc[numbers_of_sets.index].assign(set=numbers_of_sets)
    complete = rows.groupby("set")[factor].nunique() == len(found)
    # A set that repeats another seed's, result by result, holds no information of its own either.
    complete &= ~repeats(study)[rows.index].groupby(rows["set"]).all()
    rows = rows[rows["set"].map(complete).astype(bool)] if len(rows) else rows
    return (rows, found) if len(found) > 1 else (rows.iloc[:0], found)


def main_effects_data(study: Study) -> pd.DataFrame:
    """Return the mean result at every level of every varied factor, per data set.

    Returns:
        ``dataset`` (if the study has one), ``factor``, ``level``, ``num_sets``, the means
        ``val_accuracy``, ``test_accuracy`` and ``train_seconds`` over complete sets, and
        ``num_concurrent_trials``, the most of any of these rows (NaN where one does not say).
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
                    means = {metric: numbers(at, metric).mean() for metric in QUALITY}
                    means["num_concurrent_trials"] = _most(at)
                    records.append(
                        names
                        | {"factor": factor, "level": level, "num_sets": at["set"].nunique()}
                        | means
                    )
    return pd.DataFrame(records)


def _most(rows: pd.DataFrame) -> float:
    return float(numbers(rows, "num_concurrent_trials").max(skipna=False))


def by_dataset(rows: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Return the rows of each data set with its name; all of them where there is no such column."""
    if "dataset" not in rows:
        return [({}, rows)] if len(rows) else []
    return [
        ({"dataset": dataset}, group)
        for dataset, group in rows.groupby("dataset", sort=False, dropna=False)
    ]


def levels_data(study: Study, factor: str) -> pd.DataFrame:
    """Return what each level of a factor gives over the lowest, per data set and model.

    Returns:
        The groups, ``level``, ``num_sets``, ``num_seeds``, the means of ``QUALITY``,
        ``num_concurrent_trials`` (the most of any of these rows; NaN where one does not say), and
        for every level but the first ``difference`` (mean of the paired differences in test
        accuracy), ``smallest``, ``largest``, ``time_ratio`` (median of the paired ratios of
        ``train_seconds``, of the pairs timed under the same conditions) and ``time_problem`` (why
        there is none; empty where there is).
    """
    rows, found = sets(study, factor)
    by = [name for name in _GROUPS if name in rows and name != factor]
    groups = list(rows.groupby(by, sort=False, dropna=False)) if by else [((), rows)]
    records: list[dict[str, Any]] = []
    for names, group in groups:
        first = _at(group, factor, found[0]) if len(group) else group
        for level in found if len(group) else []:
            at = _at(group, factor, level)
            record = dict(zip(by, names, strict=True)) | {"level": level, "num_sets": len(at)}
            record["num_seeds"] = group["seed"].nunique()
            record |= {metric: at[metric].mean() for metric in QUALITY}
            record["num_concurrent_trials"] = _most(at)
            if level != found[0]:
                gained = at["test_accuracy"] - first["test_accuracy"]
                record |= {"difference": gained.mean()}
                record |= {"smallest": gained.min(), "largest": gained.max()}
                record["time_ratio"] = _ratio(at, first).median()
                record["time_problem"] = _problem(at, first)
            records.append(record)
    return pd.DataFrame(records)


def _at(group: pd.DataFrame, factor: str, level: Any) -> pd.DataFrame:
    """Return the metrics of one level, one line per set, in the order of the sets."""
    rows = group[group[factor] == level].drop_duplicates("set")
    frame = pd.DataFrame({name: numbers(rows, name) for name in (*QUALITY, *_CONDITIONS)})
    return frame.assign(device=rows["device"]).set_axis(rows["set"]).sort_index()


def _ratio(above: pd.DataFrame, below: pd.DataFrame) -> pd.Series[float]:
    """Return the ratio of training times of each pair; NaN where conditions differed."""
    seconds = below["train_seconds"].where(below["train_seconds"] > 0)
    return (above["train_seconds"] / seconds).where(same_conditions(above, below))


def _problem(above: pd.DataFrame, below: pd.DataFrame) -> str:
    """Say why no pair of times can be compared; empty where one can or there are no times."""
    timed = above["train_seconds"].notna() & below["train_seconds"].notna()
    if not timed.any() or same_conditions(above, below)[timed].any():
        return ""
    return conditions_differ(above[timed], below[timed])


def pairs_data(study: Study, factor: str, first: Any, second: Any) -> pd.DataFrame:
    """Return every pair of rows that differ only in whether ``factor`` is ``first`` or ``second``.

    Returns:
        ``dataset`` and ``seed`` where there are, ``first`` and ``second`` (test accuracies),
        ``num_test``, ``difference`` (first − second), ``time_ratio`` (first ÷ second; NaN where
        the conditions differed), ``time_problem`` (why no pair at all has one),
        ``computed_alike`` (whether nothing says that launches of different arithmetic made the
        two) and ``runs``, the frozen set of trials behind the pair.
    """
    rows, _ = sets(study, factor, (first, second))
    one, two = _at(rows, factor, first), _at(rows, factor, second)
    frame = pd.DataFrame({"first": one["test_accuracy"], "second": two["test_accuracy"]})
    frame["difference"] = frame["first"] - frame["second"]
    frame["time_ratio"] = _ratio(one, two)
    frame["time_problem"] = _problem(one, two)
    origin = rows.drop_duplicates("set").set_index("set")
    for name in ("dataset", "model", "seed"):
        if name in origin and name != factor:
            frame[name] = origin[name]
    frame["num_test"] = numbers(origin, "num_test")
    computed = arithmetics(study)[rows.index].groupby(rows["set"])
    frame["computed_alike"] = computed.agg(lambda found: len(frozenset().union(*found)) < 2)
    trials = rows.groupby("set")["trial_id"].agg(frozenset)
    frame["runs"] = trials.reindex(frame.index)
    return frame[frame["difference"].notna()].reset_index(drop=True)


def pivot_data(study: Study, dataset: Any, across: str = "model") -> pd.DataFrame:
    """Return test accuracies of one data set: the other varied parameters down, ``across`` across.

    Seeds are averaged. Parameters that changed nothing (all rows of a level repeat another row)
    are left out.

    Returns:
        One row per setting: the varied parameters, then one column per level of ``across``.
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


def speedups(study: Study) -> pd.Series[float]:
    """Return how many times faster each GPU row trained than its counterpart on a CPU.

    Returns:
        With the index of the rows; NaN where there is no such pair, as on the CPU rows, or the two
        were not timed under the same conditions.
    """
    rows = study.rows.assign(arm=arms(study))
    keys = [key for key in study.config_keys if key != "device" and key in rows]
    pairs = side_by_side(rows, "arm", ("cpu", "cuda"), [*keys, "seed"])
    cpu, gpu = (
        rows.loc[pairs[side], [n for n in (*_CONDITIONS, "device") if n in rows]]
        .assign(train_seconds=numbers(rows.loc[pairs[side]], "train_seconds"))
        .set_axis(pairs.index)
        for side in (0, 1)
    )
    found = pd.Series(float("nan"), index=rows.index, dtype="float64")
    found.loc[pairs[1]] = _ratio(cpu, gpu).to_numpy()
    return found


def device_data(study: Study) -> pd.DataFrame:
    """Return the CPU and the GPU arm of each configuration side by side.

    Returns:
        The varied parameters but ``device``, ``seed``, and for each arm ``<arm>_status``,
        ``<arm>_test_accuracy``, ``<arm>_train_seconds``, ``<arm>_num_concurrent_trials`` and
        ``<arm>_num_threads``; ``speedup`` as ``speedups`` has it, and ``macs``, ``flops`` and
        ``num_test`` where either arm recorded them.
    """
    keys = [key for key in varied(study) if key != "device"]
    rows = study.rows.assign(arm=arms(study), speedup=speedups(study))
    others = [key for key in study.config_keys if key != "device" and key in rows]
    measured = (*QUALITY[1:], *_CONDITIONS)
    records: dict[tuple[str, ...], dict[str, Any]] = {}
    identities = text_keys(rows, [*others, "seed"])
    for identity, row in zip(identities, rows.to_dict("records"), strict=True):
        record = records.setdefault(identity, {key: row[key] for key in (*keys, "seed")})
        if row["arm"] not in ("cpu", "cuda"):
            continue
        record |= {f"{row['arm']}_{name}": row.get(name) for name in ("status", *measured)}
        once = ("macs", "flops", "num_test", "speedup")
        record |= {name: row[name] for name in once if not pd.isna(row.get(name))}
    columns = [f"{arm}_{name}" for arm in ("cpu", "cuda") for name in ("status", *measured)]
    frame = pd.DataFrame(list(records.values()), columns=None if records else [*keys, "seed"])
    for column in (*columns, "speedup", "macs", "flops", "num_test"):
        if column not in frame:
            frame[column] = None
        if not column.endswith("_status"):
            frame[column] = numbers(frame, column)
    return frame


def arms(study: Study) -> pd.Series[Any]:
    """Return the device of each row: the one its configuration asks for, else where it ran."""
    asked = {c["config_id"]: c["config"].get("device") for c in study.meta["configurations"]}
    wanted = study.rows["config_id"].map(asked)
    return wanted.where(wanted.isin(["cpu", "cuda"])).fillna(study.rows["device"])
