"""Columns of a study's rows: their numbers, their levels, and the rows that have results."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.load import ENDED, FINISHED, Study
from tune_app.study.arithmetic import mapping
from tune_app.study.measures import NOT_MEASURED
from tune_app.study.run_dependent import is_run_dependent
from tune_app.study.trials import HALTED

Rows = pd.DataFrame

_FEWEST_EQUAL = 3
"""With fewer repetitions results may be equal by chance."""
LARGEST = 1e100
"""The largest number that a measurement can be."""


def numbers(rows: Rows, column: str) -> pd.Series[float]:
    """Return a column as floats, NaN where a value is not a number; all NaN without the column.

    Numbers beyond ``LARGEST`` become NaN too: they are damage, and their squares are infinite.
    """
    if column not in rows:
        return pd.Series(np.nan, index=rows.index, dtype="float64")
    values = pd.to_numeric(rows[column], errors="coerce").to_numpy("float64", na_value=np.nan)
    known = np.where(np.abs(values) <= LARGEST, values, np.nan)
    return pd.Series(known, index=rows.index, name=column)


def datasets_of_rows(study: Study) -> pd.Series[Any]:
    """Return the name of the data set of each row, None where there is none.

    In a study of one data set of its own, that is the default of a parameter that no configuration
    names.
    """
    default = mapping(study.meta["space"].get("defaults")).get("dataset")
    if "dataset" not in study.rows:
        return pd.Series(default, index=study.rows.index, dtype=object)
    named = study.rows["dataset"].astype(object)
    return named.where(named.notna(), default)


def finished(study: Study) -> Rows:
    """Return the rows that have a result of their own, not the repetition of another row's."""
    rows = study.rows
    return rows[rows["status"].isin(FINISHED) & (rows["same_as"] == "")]


def shares_trainings(study: Study) -> bool:
    """Return whether several results come from one training, at different numbers of epochs."""
    return bool(finished(study)["trial_id"].duplicated().any())


def same_at_every_seed(study: Study) -> frozenset[str]:
    """Return the config_ids whose result is known not to depend on the seed."""
    listed = study.meta.get("same_at_every_seed")
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


@lru_cache(maxsize=8)
def without_chance(study: Study) -> frozenset[str]:
    """Return the config_ids of which several seeds are one result.

    They are those of ``same_at_every_seed``. Of a user's own function they are those with results
    at several seeds if nothing but times, speeds and memory differs between these: one that does
    not use its seed gives no further evidence at another one. A time that is the objective counts.
    """
    known = same_at_every_seed(study)
    rows = finished(study)
    if study.meta["space"].get("is_own") is not True or study.metric not in rows:
        return known
    rows = rows[numbers(rows, study.metric).notna()]
    rows = rows[rows.groupby("config_id")["seed"].transform("nunique") > 1]
    told = [c for c in rows if c in study.metric_keys and c not in NOT_MEASURED]
    told = [c for c in told if c == study.metric or not is_run_dependent(c)]
    numeric = rows[[c for c in told if pd.api.types.is_numeric_dtype(rows[c])]]
    differing = numeric.groupby(rows["config_id"]).nunique(dropna=False).to_numpy() > 1
    ids = frozenset(map(str, rows["config_id"]))
    use_no_seed = len(rows) - len(ids) >= _FEWEST_EQUAL and not differing.any()
    return known | ids if use_no_seed else known


def repeats(study: Study, ids: Collection[str] | None = None) -> pd.Series[bool]:
    """Return which rows repeat the result of a lower seed, because the seed changes nothing.

    Args:
        study: the study.
        ids: the config_ids of which that is so; None for those of ``without_chance``.
    """
    rows = study.rows
    same = without_chance(study) if ids is None else ids
    done = rows["status"].isin(FINISHED) & rows["config_id"].isin(list(same))
    repeated: pd.Series[bool] = done & rows["config_id"].where(done).duplicated()
    return repeated


def varied(study: Study, keys: Iterable[str] | None = None) -> list[str]:
    """Return the parameters with more than one value in the study (of ``keys``, or of all)."""
    names = study.config_keys if keys is None else keys
    return [k for k in names if k in study.rows and len(levels(study.rows, k)) > 1]


def levels(rows: Rows, column: str) -> list[Any]:
    """Return the different values of a column: numbers ascending, then texts in their order."""
    values = [value for value in rows[column].drop_duplicates() if not pd.isna(value)]
    # Booleans are numbers, so False comes before True.
    numeric: list[Any] = [v for v in values if isinstance(v, (int, float, np.generic))]
    texts = [v for v in values if not isinstance(v, (int, float, np.generic))]
    return [*sorted(numeric), *texts]


def is_constant(rows: Rows, column: str) -> bool:
    """Return whether all rows have the same value; one that lacks it is not the same."""
    return len(levels(rows, column)) == 1 and bool(rows[column].notna().all())


def shown_parameters(study: Study) -> list[str]:
    """Return the parameters that tell configurations apart: factors that vary, then others."""
    return list(dict.fromkeys([*varied(study, study.factors), *varied(study)]))


def is_over(study: Study) -> bool:
    """Return whether every row has ended, failed or been stopped: there is nothing to wait for."""
    return bool(study.rows["status"].isin((*ENDED, *HALTED, "failed")).all())
