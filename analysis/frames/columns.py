"""Columns of a study's rows made safe to compute with, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.load import FINISHED, Study

Rows = pd.DataFrame

LARGEST = 1e100


def numbers(rows: Rows, column: str) -> pd.Series[float]:
    """Return a column as floats, NaN for whatever is none, also where it is not there.

    Beyond ``LARGEST`` a number is damage, and its square would be infinite.
    """
    if column not in rows:
        return pd.Series(np.nan, index=rows.index, dtype="float64")
    values = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    return values.where(values.abs() <= LARGEST)


def finished(study: Study) -> Rows:
    """Return the rows that have their metrics and are no repetition of another row's result."""
    rows = study.rows
    return rows[rows["status"].isin(FINISHED) & (rows["same_as"] == "")]


def same_at_every_seed(study: Study) -> frozenset[str]:
    """Return the config_ids for which the seed changes nothing: more seeds are copies of one."""
    listed = study.meta.get("same_at_every_seed")
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


def repeats(study: Study) -> pd.Series[bool]:
    """Return which rows repeat the result of a lower seed, at a seed that changes nothing."""
    rows = study.rows
    done = rows["status"].isin(FINISHED) & rows["config_id"].isin(same_at_every_seed(study))
    repeated: pd.Series[bool] = done & rows["config_id"].where(done).duplicated()
    return repeated


def varied(study: Study, keys: Iterable[str] | None = None) -> list[str]:
    """Return the parameters (of ``keys``, or all) that have more than one value in the study."""
    names = study.config_keys if keys is None else keys
    return [k for k in names if k in study.rows and len(levels(study.rows, k)) > 1]


def levels(rows: Rows, column: str) -> list[Any]:
    """Return the values of a column: numbers ascending, before texts in their first order."""
    values = [value for value in rows[column].drop_duplicates() if not pd.isna(value)]
    # Booleans are numbers here, so False comes before True.
    numeric: list[Any] = [v for v in values if isinstance(v, (int, float, np.generic))]
    texts = [v for v in values if not isinstance(v, (int, float, np.generic))]
    return [*sorted(numeric), *texts]
