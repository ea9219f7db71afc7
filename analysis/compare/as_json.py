"""A comparison as JSON, for scripts. Numbers that are not known are null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare.answer import answer
from analysis.compare.pairs import sides
from analysis.compare.result import Comparison
from analysis.compare.sentences import evidence

Json = dict[str, Any]


def as_json(comparisons: Sequence[Comparison]) -> Json:
    """Return all comparisons. Differences are second minus first, shares are fractions."""
    first, measure = comparisons[0].first, comparisons[0].measure
    named = [first, *(found.second for found in comparisons)]
    return {
        "studies": {n.label: {"place": n.place, "study": n.study.name} for n in named},
        "measure": {
            "name": measure.name,
            "better": measure.better,
            "unit": "" if measure.scale.in_percent else measure.scale.unit,
        },
        "comparisons": [_comparison(found) for found in comparisons],
    }


def _comparison(found: Comparison) -> Json:
    changes = found.changes[found.changes["differs"]].drop(columns="differs")
    return {
        "first": found.first.label,
        "second": found.second.label,
        "answer": answer(found),
        "evidence": evidence(found),
        "verdict": {name: _plain(value) for name, value in asdict(found.verdict).items()},
        "changes": _records(changes),
        "measures": _records(found.measures),
        "settings": _records(found.levels),
        "times": _records(found.times),
        "rows": _rows(found),
        "without_two_results": _records(found.one_sided.drop(columns="line")),
        "without_counterpart": {
            found.first.label: len(found.joined.unmatched[0]),
            found.second.label: len(found.joined.unmatched[1]),
        },
    }


def _rows(found: Comparison) -> list[Json]:
    """Return the joined rows with results, in the order of the first study."""
    one, two = sides(found.joined)
    names = [n for n in found.first.study.config_keys if n in found.second.study.config_keys]
    pairs = found.pairs.drop(columns="line")
    if found.is_unlike:
        pairs["difference"], pairs["equal"] = np.nan, None
    values = pd.concat([pairs, found.images], axis=1)
    rows = []
    for line, record in zip(found.pairs["line"], _records(values), strict=True):
        settings = {name: _plain(one.at[line, name]) for name in names}
        ids = {"config_id": one.at[line, "config_id"], "config_id_b": two.at[line, "config_id"]}
        rows.append({**ids, "settings": settings, **record})
    return rows


def _records(frame: pd.DataFrame) -> list[Json]:
    return [
        {str(name): _plain(value) for name, value in record.items()}
        for record in frame.to_dict("records")
    ]


def _plain(value: object) -> object:
    """Return a value of a frame as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value is pd.NA:
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)
