"""Pick the best configuration, on validation metrics only.

A configuration that is picked on the test set looks better there than it is, because the largest of
many noisy values lies above its own mean. Configurations are therefore picked on validation, and
the test result of the pick is read afterwards. ``selection_gap`` shows beside it what a pick on the
test set would have claimed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.seeds import over_seeds
from tune_app.study.measures import quantity_of
from tune_app.study.selection import rank
from tune_app.study.trials import FINISHED

GAP = "selection_gap"
"""The column of by how much a pick on test looks better; a metric may be called ``gap``."""
_ROUNDING = 1e-12
"""A smaller share of a mean is rounding, as for ``rank``."""


def best_rows(
    rows: pd.DataFrame,
    by: Sequence[str] = ("dataset", "model"),
    metric: str = "val_accuracy",
    mode: str = "max",
    *,
    same: Collection[str] = (),
) -> pd.DataFrame:
    """Return the best configuration of each group, one row each, in the order of the groups.

    A configuration with several seeds is judged by its mean over them, and every column that
    differs between its seeds then holds the mean (``seed`` itself: the first). Rows that are not
    ``FINISHED`` or whose metric is not finite are left out. So are configurations of which one seed
    diverged, because the mean of the other seeds would be too good. Only configurations with
    results at the most seeds are compared, so seeds that failed count against one, too; one that
    the seed does not change has them all with its first. Of equal metrics the one with fewer epochs
    (``milestone``) is picked, then the one that was declared first.

    Args:
        rows: as ``Study.rows``.
        by: the columns that make a group; empty for one group of all rows.
        metric: the validation metric to judge by.
        mode: ``"max"`` or ``"min"``.
        same: config_ids whose result does not depend on the seed.

    Returns:
        The columns of ``rows`` and ``num_seeds``; no rows if nothing can be picked.
    """
    picks = [group.iloc[[0]] for _, group in _ranked_groups(rows, by, metric, mode, same)]
    if not picks:
        return rows.iloc[:0].assign(num_seeds=0)
    return pd.concat(picks, ignore_index=True)


def selection_gap(
    rows: pd.DataFrame,
    by: Sequence[str] = ("dataset", "model"),
    metric: str = "val_accuracy",
    mode: str = "max",
    test_metric: str = "",
    *,
    same: Collection[str] = (),
) -> pd.DataFrame:
    """Return for each group the pick on validation and what a pick on test would have claimed.

    Args:
        rows, by, metric, mode, same: as for ``best_rows``.
        test_metric: the same quantity on test data; by default ``test_accuracy`` for
            ``val_accuracy``. It may be the metric itself; then there is no gap.

    Returns:
        One row per group: the columns of ``by``, ``config_id``, ``num_seeds``,
        ``num_candidates`` (the configurations that are compared), ``num_at_fewer_seeds`` (those
        with results at fewer seeds, which are not), ``num_tied`` (candidates whose metric equals
        the pick's, the pick included), the metric and the test metric of the pick,
        ``test_picked_config_id`` and ``test_picked_<test metric>`` of the pick on test, and
        ``GAP``, by how much the pick on test looks better (never negative; NaN without a test
        metric).
    """
    test_metric = test_metric or f"test_{quantity_of(metric)}"
    columns = ["config_id", "num_seeds", "num_candidates", "num_at_fewer_seeds", "num_tied"]
    columns += [metric, test_metric, "test_picked_config_id", f"test_picked_{test_metric}", GAP]
    records = []
    for names, group in _ranked_groups(rows, by, metric, mode, same):
        pick = group.iloc[0]
        record: dict[str, Any] = dict(zip(by, names, strict=True))
        record |= {"config_id": pick["config_id"], "num_seeds": pick["num_seeds"]}
        num_candidates = int(is_candidate(group, same).sum())
        record |= {"num_candidates": num_candidates, metric: pick[metric]}
        record["num_at_fewer_seeds"] = len(group) - num_candidates
        record["num_tied"] = _num_tied(group, metric, same)
        has_test = test_metric in group and test_metric != metric
        on_test = _ranked(group, test_metric, mode, same) if has_test else group.iloc[:0]
        if len(on_test):
            claimed, honest = on_test.iloc[0][test_metric], pick[test_metric]
            gap = claimed - honest if mode == "max" else honest - claimed
            gap = 0.0 if math.isclose(claimed, honest, rel_tol=_ROUNDING) else gap
            gap = gap if np.isfinite(honest) else math.nan  # the pick has no test result
            record |= {test_metric: honest, GAP: gap, f"test_picked_{test_metric}": claimed}
            record["test_picked_config_id"] = on_test.iloc[0]["config_id"]
        records.append(record)
    return pd.DataFrame(records, columns=list(dict.fromkeys([*by, *columns])))


def contenders(
    rows: pd.DataFrame, by: Sequence[str], metric: str, mode: str, same: Collection[str]
) -> frozenset[str]:
    """Return the config_ids that ``best_rows`` compares: those with the most seeds of a group."""
    found: set[str] = set()
    for _, group in _ranked_groups(rows, by, metric, mode, same):
        found.update(group.loc[is_candidate(group, same), "config_id"])
    return frozenset(found)


def is_candidate(group: pd.DataFrame, same: Collection[str]) -> pd.Series[bool]:
    """Return which configurations of a group are compared: those with the most seeds.

    Args:
        group: ``config_id`` and ``num_seeds``, as ``over_seeds`` returns them.
        same: config_ids whose result does not depend on the seed, which have it at all seeds.
    """
    counted = num_counted(group, same)
    return counted == counted.max()


def num_counted(configurations: pd.DataFrame, same: Collection[str]) -> pd.Series[int]:
    """Return at how many seeds each of some configurations counts as having a result.

    Args:
        configurations: ``config_id`` and ``num_seeds``, as ``over_seeds`` returns them.
        same: config_ids whose result does not depend on the seed, which have it at all seeds.
    """
    number = configurations["num_seeds"]
    return number.mask(configurations["config_id"].isin(list(same)), number.max())


def _ranked_groups(
    rows: pd.DataFrame, by: Sequence[str], metric: str, mode: str, same: Collection[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield the names of each group that has candidates, and its configurations, best first."""
    assert mode in ("max", "min"), mode
    if metric not in rows or rows.empty:
        return
    diverged = rows.loc[rows["status"] == "diverged", "config_id"]
    usable = rows[
        rows["status"].isin(FINISHED) & _finite(rows[metric]) & ~rows["config_id"].isin(diverged)
    ]
    configurations = over_seeds(usable)[[*rows.columns, "num_seeds"]]
    if not by:
        groups: list[tuple[tuple[Any, ...], pd.DataFrame]] = [((), configurations)]
    else:
        groups = list(configurations.groupby(list(by), sort=False, dropna=False))
    for names, group in groups:
        if len(group):
            yield names, _ranked(group, metric, mode, same)


def _ranked(
    configurations: pd.DataFrame, metric: str, mode: str, same: Collection[str]
) -> pd.DataFrame:
    """Return the configurations with a finite metric, best first; their index is their order."""
    usable = configurations[_finite(configurations[metric])]
    ranks = [
        rank(float(score), mode, num_epochs, int(place), int(num_seeds))
        for place, score, num_epochs, num_seeds in zip(
            usable.index,
            usable[metric],
            numbers(usable, "milestone"),
            num_counted(usable, same),
            strict=True,
        )
    ]
    return usable.iloc[sorted(range(len(ranks)), key=ranks.__getitem__)]


def _num_tied(ranked: pd.DataFrame, metric: str, same: Collection[str]) -> int:
    """Return how many of the ranked configurations are as good as the first."""
    scores = [
        rank(float(score), "max", 0, 0, int(number))
        for score, number in zip(ranked[metric], num_counted(ranked, same), strict=True)
    ]
    return scores.count(scores[0])


def _finite(values: pd.Series[Any]) -> pd.Series[bool]:
    return pd.Series(np.isfinite(pd.to_numeric(values, errors="coerce")), index=values.index)
