"""Find rows that differ in one factor alone. Every comparison in this package uses this."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

RUNS = "@runs"
"""The column of pairs with their training runs; no parameter has a name with such a mark."""


def text_keys(rows: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return each row's values as texts, because NaN, a missing parameter, equals nothing."""
    if not columns:
        return [()] * len(rows)
    return list(zip(*(map(str, rows[column].tolist()) for column in columns), strict=True))


def positions_of_sets(keys: Sequence[Hashable], levels: Sequence[Hashable]) -> list[list[int]]:
    """Group rows that agree in their key and differ in their level, as positions from 0.

    A group that has a level twice is left out, because it is unknown what its two rows at that
    level differ in. So are groups of one row.

    Args:
        keys: per row, everything that must agree.
        levels: per row, the level of the factor.
    """
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return [group for group in groups.values() if 1 < len(group) == len({levels[i] for i in group})]


def sets_of(rows: pd.DataFrame, factor: str, settings: Sequence[str]) -> pd.Series[Any]:
    """Group the rows that can be compared along a factor into sets.

    The rows of a set agree in all settings and differ in the factor. A set that has a level twice
    is left out, because it is unknown what its two rows at that level differ in.

    Args:
        rows: one line per result, with unique index labels.
        factor: the column that differs within a set.
        settings: the columns that agree within a set; if the factor is among them it is ignored.

    Returns:
        The number of each row's set, with the index and in the order of the rows. Rows of sets
        with fewer than two levels are left out.
    """
    others = [name for name in settings if name != factor]
    sets = positions_of_sets(text_keys(rows, others), rows[factor].map(str).tolist())
    numbers = {position: number for number, group in enumerate(sets) for position in group}
    kept = sorted(numbers)
    return pd.Series([numbers[i] for i in kept], index=rows.index[kept], dtype=int)


def side_by_side(
    rows: pd.DataFrame, factor: str, levels: Sequence[Any], settings: Sequence[str]
) -> pd.DataFrame:
    """Put the rows of every set that has all of the given levels side by side.

    Args:
        rows, factor, settings: as for ``sets_of``.
        levels: the levels to compare; rows at other levels are ignored.

    Returns:
        The index labels of the rows: one line per set, in the order of its row at the first level,
        and one column per level, numbered from 0.
    """
    others = [name for name in settings if name != factor]
    rows = rows.loc[rows[factor].isin(list(levels)), [factor, *others]]
    at = [rows[factor].isin([level]).tolist() for level in levels]
    lines = []
    for group in positions_of_sets(text_keys(rows, others), rows[factor].map(str).tolist()):
        places = [[i for i in group if here[i]] for here in at]
        if all(places):
            lines.append([found[0] for found in places])
    positions = np.array(sorted(lines), dtype=int).reshape(-1, len(levels))
    return pd.DataFrame(rows.index.to_numpy()[positions])


def join_runs(pairs: pd.DataFrame, means: Sequence[str]) -> pd.DataFrame:
    """Join the pairs that come from the same training runs into one pair.

    Args:
        pairs: one line per pair; ``RUNS`` is the frozen set of its training runs.
        means: the columns to average; the others keep their first value.
    """
    if pairs.empty:
        return pairs
    others = [name for name in pairs if name not in (*means, RUNS)]
    firsts = pairs.loc[~pairs[RUNS].duplicated(), [RUNS, *others, *means]]
    firsts = firsts.reset_index(drop=True)
    if len(firsts) == len(pairs):
        return firsts
    averaged = pairs.groupby(RUNS, sort=False)[[*means]].mean()
    return firsts.assign(**{name: averaged[name].to_numpy() for name in means})
