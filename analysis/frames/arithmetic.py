"""Which launches of a study compute alike, and which rows come from launches that do not.

With another torch, NumPy, scikit-learn or processor the last digits of a computation differ, and
training amplifies the difference. A study may be continued with any of them. A comparison of rows
that were computed differently therefore carries a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis.frames.load import Study
from search_spaces.errors import one_line
from tune_app.study.arithmetic import Arithmetic, arithmetic_of, mapping
from tune_app.study.code_fingerprint import CODE

_MOST_NAMED = 3


def launch_records(meta: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what each launch recorded: name -> its machine and versions, oldest first."""
    launches = map(mapping, meta["launches"])
    return {
        one_line(str(launch.get("name") or f"{number:03d}")): launch
        for number, launch in enumerate(launches, 1)
    }


def groups_of(meta: Mapping[str, Any]) -> dict[Arithmetic, list[str]]:
    """Return the launches that compute alike: arithmetic -> their names, oldest first."""
    groups: dict[Arithmetic, list[str]] = {}
    for name, record in launch_records(meta).items():
        groups.setdefault(arithmetic_of(record), []).append(name)
    return groups


def launches_in_words(names: Sequence[str]) -> str:
    """Return the names of launches as text: ``launches 001, 002``."""
    shown = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"launch {shown}" if len(names) == 1 else f"launches {shown}{more}"


@lru_cache(maxsize=8)
def arithmetics(study: Study) -> pd.Series[Any]:
    """Return for each row by which arithmetics its epochs were computed.

    Returns:
        Frozen sets of numbers (the places in ``groups_of``), with the index of the rows: one
        number if all epochs were computed alike, several if the row was continued with another
        arithmetic, none if that is not known.
    """
    number_of = {
        name: number
        for number, names in enumerate(groups_of(study.meta).values())
        for name in names
    }
    epochs, by_trial = study.epochs, {}
    if {"trial_key", "launch", "epoch"} <= set(epochs):
        by_trial = dict(list(epochs.groupby("trial_key", sort=False)[["epoch", "launch"]]))
    found = []
    for record in study.rows[["trial_id", "milestone", "launch"]].to_dict("records"):
        own = by_trial.get(record["trial_id"])
        launches = {record["launch"]}
        if own is not None:
            launches = set(own.loc[own["epoch"] <= record["milestone"], "launch"])
        found.append(frozenset(number_of[name] for name in launches if name in number_of))
    return pd.Series(found, index=study.rows.index, dtype=object)


def warning(study: Study, rows: pd.DataFrame | None = None) -> tuple[str, ...]:
    """Return a warning if rows that are compared were computed by different arithmetics.

    Args:
        study: the study.
        rows: the rows that are compared; None for all of the study's.

    Returns:
        One sentence that names what differs; empty if nothing does.
    """
    found = arithmetics(study) if rows is None else arithmetics(study).reindex(rows.index).dropna()
    numbers = sorted(frozenset().union(*found))
    if len(numbers) < 2:
        return ()
    groups = [list(groups_of(study.meta).items())[number] for number in numbers]
    names = dict.fromkeys(name for arithmetic, _ in groups for name, _ in arithmetic)
    differ = [n for n in names if len({dict(arithmetic).get(n) for arithmetic, _ in groups}) > 1]
    texts = [
        ", ".join(f"{name} {dict(arithmetic).get(name, 'not recorded')}" for name in differ)
        + f" ({launches_in_words(launches)})"
        for arithmetic, launches in groups
    ]
    causes = ["code"] * (CODE in differ) + ["arithmetic"] * (set(differ) != {CODE})
    return (
        "These rows were not computed alike, so a part of their differences may come from the "
        f"{' and the '.join(causes)}: {'; '.join(texts)}.",
    )
