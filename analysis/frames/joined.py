"""Take factors that only vary together as one factor, because only their joint effect is known."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.columns import shown_parameters
from analysis.frames.effects import MOST_LEVELS
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.pairing import text_keys


@lru_cache(maxsize=16)
def joined_factors(study: Study) -> dict[str, list[str]]:
    """Return factors that determine others one to one in all rows: name -> those others.

    Each has the others' values in ``joined``. A data set is never among them. In studies of as many
    levels as rows each row is a case of its own, and nothing is joined.
    """
    rows, shown = study.rows, shown_parameters(study)
    alike: dict[tuple[int, ...], list[str]] = {}
    for name in [*shown, *(key for key in study.config_keys if key not in shown)]:
        if name != "dataset" and name in study.config_keys and name in rows:
            places = pd.factorize(pd.Series(text_keys(rows, [name])))[0]
            alike.setdefault(tuple(places.tolist()), []).append(name)
    found = {}
    for codes, names in alike.items():
        num_levels = len(set(codes))
        if 1 < num_levels <= min(MOST_LEVELS, len(rows) // 2) and {*names} & {*shown}:
            # A parameter that not all rows have has no level where it is missing.
            first = min((n for n in names if n in shown), key=lambda n: bool(rows[n].isna().any()))
            found[first] = [name for name in names if name != first]
    return {name: others for name, others in found.items() if others}


@lru_cache(maxsize=16)
def joined(study: Study) -> Study:
    """Return a study in which factors that only vary together are one, with values in words.

    The levels of ``kernel`` become ``rbf, C 10`` and ``poly, C 1``, and ``C`` is no parameter.
    """
    others = joined_factors(study)
    if not others:
        return study
    gone = {name for names in others.values() for name in names}
    rows = study.rows.assign(**{name: _in_words(study, name, others[name]) for name in others})
    keys = tuple(key for key in study.config_keys if key not in gone)
    factors = [name for name in study.factors if name not in gone]
    space = {**study.meta["space"], "factors": factors}
    return replace(study, rows=rows, config_keys=keys, meta={**study.meta, "space": space})


def _in_words(study: Study, first: str, others: list[str]) -> pd.Series[Any]:
    """Return the values of factors in words; missing where the first one is."""
    varied = [name for name in others if name in shown_parameters(study)]
    if not varied:
        return study.rows[first]
    texts = []
    for value, *more in zip(*(study.rows[name] for name in (first, *varied)), strict=True):
        known = [(n, v) for n, v in zip(varied, more, strict=True) if not pd.isna(v)]
        words = [label(first, value), *(f"{parameter_heading(n)} {label(n, v)}" for n, v in known)]
        texts.append(np.nan if pd.isna(value) else ", ".join(words) if known else value)
    return pd.Series(texts, index=study.rows.index, dtype=object)
