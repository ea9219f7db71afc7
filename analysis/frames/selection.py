"""Picking the best configuration, on validation metrics only.

Picking on the test set and then quoting that test result claims too much: the largest of many
noisy values is above its own mean. So the pick is made on validation, the test result is read off
afterwards, and ``selection_gap`` shows beside it what picking on test would have claimed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

SELECTABLE = ("finished", "unconverged")
"""Statuses of rows that may be picked. An unconverged solver has valid predictions."""


def best_rows(
    rows: pd.DataFrame,
    by: Sequence[str] = ("dataset", "model"),
    metric: str = "val_accuracy",
    mode: str = "max",
) -> pd.DataFrame:
    """Return the best configuration of each group, one row each, in the groups' first order.

    A configuration with several seeds is judged by its mean over them, and every column that
    differs between its seeds then holds that mean (``seed`` itself: the first). Rows that are not
    ``SELECTABLE`` or whose metric is not finite never count, and neither does a configuration of
    which a seed diverged: the mean of those that survived would flatter it. Equal metrics are
    decided by lower ``train_seconds``, then by ``config_id``.

    Args:
        rows: as ``Study.rows``.
        by: the columns that make a group; empty for one best configuration of all.
        metric: what to judge by; a validation metric.
        mode: ``"max"`` or ``"min"``.

    Returns:
        The columns of ``rows`` and ``num_seeds``; empty when nothing can be picked.
    """
    picks = [group.iloc[[0]] for _, group in _ranked_groups(rows, by, metric, mode)]
    if not picks:
        return rows.iloc[:0].assign(num_seeds=0)
    return pd.concat(picks, ignore_index=True)


def selection_gap(
    rows: pd.DataFrame,
    by: Sequence[str] = ("dataset", "model"),
    metric: str = "val_accuracy",
    mode: str = "max",
) -> pd.DataFrame:
    """Return, for each group, the honest pick beside what picking on test would have claimed.

    The test metric is the one of the same quantity: ``test_accuracy`` for ``val_accuracy``.

    Returns:
        One row per group: the columns of ``by``, ``config_id``, ``num_seeds``,
        ``num_candidates``, the metric and its test metric for the pick;
        ``test_picked_config_id`` and ``test_picked_<test metric>`` for the pick on test; and
        ``gap``, by how much the latter looks better (never negative; NaN without test metric).
    """
    test_metric = counterpart(metric)
    columns = ["config_id", "num_seeds", "num_candidates", metric, test_metric]
    columns += ["test_picked_config_id", f"test_picked_{test_metric}", "gap"]
    records = []
    for names, group in _ranked_groups(rows, by, metric, mode):
        pick = group.iloc[0]
        record: dict[str, Any] = dict(zip(by, names, strict=True))
        record |= {"config_id": pick["config_id"], "num_seeds": pick["num_seeds"]}
        record |= {"num_candidates": len(group), metric: pick[metric]}
        on_test = _ranked(group, test_metric, mode) if test_metric in group else group.iloc[:0]
        if len(on_test):
            claimed, honest = on_test.iloc[0][test_metric], pick[test_metric]
            gap = claimed - honest if mode == "max" else honest - claimed
            gap = gap if np.isfinite(honest) else math.nan  # infinitely better than nothing
            record |= {test_metric: honest, "gap": gap, f"test_picked_{test_metric}": claimed}
            record["test_picked_config_id"] = on_test.iloc[0]["config_id"]
        records.append(record)
    return pd.DataFrame(records, columns=list(dict.fromkeys([*by, *columns])))


def counterpart(metric: str) -> str:
    """Return the test metric of the same quantity as a validation metric."""
    return "test_" + metric.removeprefix("val_")


def _ranked_groups(
    rows: pd.DataFrame, by: Sequence[str], metric: str, mode: str
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield each group that has candidates: its names and its configurations, best first."""
    assert mode in ("max", "min"), mode
    if metric not in rows or rows.empty:
        return
    diverged = rows.loc[rows["status"] == "diverged", "config_id"]
    usable = rows[
        rows["status"].isin(SELECTABLE) & _finite(rows[metric]) & ~rows["config_id"].isin(diverged)
    ]
    configurations = _over_seeds(usable)
    if not by:
        groups: list[tuple[tuple[Any, ...], pd.DataFrame]] = [((), configurations)]
    else:
        groups = list(configurations.groupby(list(by), sort=False, dropna=False))
    for names, group in groups:
        if len(group):
            yield names, _ranked(group, metric, mode)


def _ranked(configurations: pd.DataFrame, metric: str, mode: str) -> pd.DataFrame:
    usable = configurations[_finite(configurations[metric])]
    keys = [metric, "train_seconds", "config_id"] if "train_seconds" in usable else []
    return usable.sort_values(
        keys or [metric, "config_id"],
        ascending=[mode == "min", True, True] if keys else [mode == "min", True],
    )


def _over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per configuration, means where its seeds differ, and ``num_seeds``."""
    groups = rows.sort_values("seed", kind="stable").groupby("config_id", sort=False)
    first = groups.head(1).set_index("config_id")
    first = first.assign(num_seeds=groups.size())
    for column in rows.select_dtypes("number").columns.difference(["seed"]):
        varies = groups[column].nunique(dropna=False) > 1
        if varies.any():
            first[column] = first[column].where(~varies, groups[column].mean())
    order = rows["config_id"].drop_duplicates()
    return first.loc[order].reset_index()[[*rows.columns, "num_seeds"]]


def _finite(values: pd.Series[Any]) -> pd.Series[bool]:
    return pd.Series(np.isfinite(pd.to_numeric(values, errors="coerce")), index=values.index)
