"""Join the seeds of a configuration into one row. Nothing else in this package does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.load import FINISHED


def over_seeds(
    rows: pd.DataFrame, metrics: Sequence[str] | None = None, *, by: pd.Series[Any] | None = None
) -> pd.DataFrame:
    """Join the seeds of each configuration.

    Args:
        rows: as ``Study.rows``; without a column ``status`` all rows count as having a result.
        metrics: columns to average, which become floats; None averages every numeric column that
            differs between the seeds of a configuration. Other columns keep the value of the
            lowest seed.
        by: the configuration of each row, with the index of the rows; by default ``config_id``.

    Returns:
        One row per configuration, in the order of its first row: the metrics as means (if all
        seeds have the same value, that value, because a mean of equal values may be rounded),
        ``spread_column`` (sample standard deviation; NaN for fewer than two seeds), ``num_seeds``
        (seeds with a result) and ``num_planned`` (rows, whatever their status).
    """
    keys = rows["config_id"] if by is None else by
    order = keys.drop_duplicates()
    lowest = rows.sort_values("seed", kind="stable") if "seed" in rows else rows
    frame = lowest.groupby(keys, sort=False).head(1)
    frame = frame.set_axis(keys[frame.index], axis="index").loc[order]
    has_result = rows["status"].isin(FINISHED) if "status" in rows else keys.notna()
    columns: dict[str, Any] = {
        "num_seeds": has_result.groupby(keys, sort=False).sum(),
        "num_planned": keys.groupby(keys, sort=False).size(),
    }
    for metric in _numeric(rows) if metrics is None else metrics:
        groups = numbers(rows, metric).groupby(keys, sort=False)
        differ = groups.nunique(dropna=False) > 1
        if metrics is None and not differ.any():
            continue
        columns[metric] = numbers(frame, metric).where(~differ, groups.mean())
        columns[spread_column(rows, metric)] = groups.std(ddof=1)
    # Together, because a study may have hundreds of measures: pandas warns of so many insertions.
    joined = pd.DataFrame(columns, index=frame.index)
    others = frame.drop(columns=frame.columns.intersection(joined.columns))
    names = list(dict.fromkeys([*frame, *joined]))
    return pd.concat([others, joined], axis="columns")[names].reset_index(drop=True)


def spread_column(rows: pd.DataFrame, metric: str) -> str:
    """Return the column with the spread of a measure over the seeds: ``<metric>_sd``.

    The name gets a ``_`` if the rows have a measure of that name, such as a spread over folds.
    """
    name = f"{metric}_sd"
    while name in rows:
        name += "_"
    return name


def _numeric(rows: pd.DataFrame) -> list[str]:
    return [str(name) for name in rows.select_dtypes("number") if name != "seed"]
