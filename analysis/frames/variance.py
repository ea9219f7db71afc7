"""How much of the variance of a study's results each factor explains."""

from __future__ import annotations

import pandas as pd

from analysis.frames.columns import finished, repeats, same_at_every_seed, varied
from analysis.frames.load import Study
from analysis.frames.measures import picked_by
from analysis.frames.pairs import by_dataset
from analysis.frames.tables import inert_axes
from analysis.stats import factorial_effects
from search_spaces.errors import UserError

COLUMNS = ("term", "eta_squared", "p_value", "num_results")


def variance_data(study: Study) -> pd.DataFrame:
    """Return the share of the variance of every factor and pair of factors, per data set.

    Only a full grid can be split: every combination of levels has a result at every seed. Factors
    that change nothing are left out.

    Returns:
        ``dataset`` (if the study has one) and ``COLUMNS``, as ``factorial_effects`` has them; no
        lines for a data set that is no full grid, has one factor, or whose results are all equal.
    """
    metric = picked_by(study).shown
    rows = finished(study)
    if metric not in rows or rows["config_id"].isin(same_at_every_seed(study)).any():
        return pd.DataFrame(columns=[*COLUMNS])
    rows = rows[~repeats(study)[rows.index]]
    inert = inert_axes(study)
    parts = []
    for names, group in by_dataset(rows):
        factors = [
            name
            for name in varied(study)
            if name != "dataset" and name not in inert and group[name].nunique(dropna=False) > 1
        ]
        if len(factors) < 2 or group[metric].nunique() < 2:
            continue
        try:
            found = factorial_effects(group, factors, metric)
        except UserError:  # a cell is empty or lacks a seed
            continue
        lines = found.assign(**names, num_results=len(group))
        parts.append(lines[[*names, *COLUMNS]])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS])
