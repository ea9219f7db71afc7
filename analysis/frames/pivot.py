"""A study as a grid: one line per setting, one column per level of one factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.columns import finished, levels, numbers, varied
from analysis.frames.load import Study
from analysis.frames.measures import picked_by
from analysis.frames.pairing import text_keys
from analysis.frames.summary import groups_of
from analysis.frames.tables import inert_axes

_MOST_COLUMNS = 6
_FILLED = 0.5
"""A grid of which a smaller share has results is no grid: its settings were drawn at random."""


def across_of(study: Study) -> str | None:
    """Return the factor whose levels are the columns of the grid.

    It is the last group for which a best configuration is picked, else the factor with the fewest
    levels.

    Returns:
        None if fewer than two factors vary, or all have too many levels for columns.
    """
    rows, inert = finished(study), inert_axes(study)
    varying = [name for name in varied(study) if name != "dataset" and name not in inert]
    counts = {name: len(levels(rows, name)) for name in varying}
    columns = {name: count for name, count in counts.items() if 2 <= count <= _MOST_COLUMNS}
    if len(varying) < 2 or not columns:
        return None
    groups = [name for name in groups_of(study) if name in columns]
    return groups[-1] if groups else min(columns, key=columns.__getitem__)


def pivot_data(study: Study, dataset: Any, across: str) -> pd.DataFrame:
    """Return the shown measure of one data set as a grid.

    Seeds are averaged. Parameters that change nothing are left out.

    Args:
        study: the study.
        dataset: the data set; None for all rows.
        across: the factor whose levels are the columns.

    Returns:
        One row per setting of the other varied parameters: these parameters, then one column per
        level of ``across``, as ``level_column`` names it. No rows if under half of the grid has
        results.
    """
    rows = finished(study)
    rows = rows[rows["dataset"] == dataset] if dataset is not None else rows
    down = [k for k in varied(study) if k not in ("dataset", across) and len(levels(rows, k)) > 1]
    values = rows.assign(value=numbers(rows, picked_by(study).shown))
    keys = text_keys(values, down)
    values["key"] = pd.Series(keys, index=values.index, dtype=object)
    table = values.pivot_table(
        index="key", columns=across, values="value", aggfunc="mean", sort=False, dropna=False
    )
    # A list of flags as an index would be taken for a mask.
    table = table.reindex(columns=[v for v in levels(rows, across) if v in table.columns])
    table = table.set_axis([level_column(study, v) for v in table], axis="columns")
    left = values.drop_duplicates("key").set_index("key")[down]
    grid = left.join(table).reset_index(drop=True)
    is_grid = table.size and table.notna().to_numpy().mean() > _FILLED
    return grid if is_grid else grid.iloc[:0]


def level_column(study: Study, level: Any) -> Any:
    """Return the column of a level: itself, or ``lr′`` for a text that names a parameter, too."""
    return f"{level}\u2032" if level in study.config_keys else level
