"""Join the rows of two studies: the same configuration at the same seed.

A ``config_id`` is a hash of a configuration without the parameters at their defaults, so equal ids
mean equal configurations, whatever a study writes out. Other ids may still mean equal values: one
study has a parameter that the other one lacks, or another default. Such rows are joined over the
parameters that both have, if that leaves no choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.frames.load import FINISHED, Study
from search_spaces.configuration import canonical_json
from tune_app.study.arithmetic import mapping
from tune_app.study.trial_directory import flat

Settings = dict[str, Any]
"""Parameter -> value, nested ones flattened, with the defaults that a configuration leaves out."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Which rows of two studies belong together.

    Attributes:
        first, second: the studies.
        labels: their short names, such as A and B.
        lines: one line per pair of rows, in the order of the first study; ``a`` and ``b`` are
            their index labels in ``Study.rows``.
        seeds_differ: whether no configuration in both studies has a seed in both. A line then
            stands for a configuration, and its labels are those of the lowest seeds with a result.
        by_common: config_ids of the first study that were joined over common parameters only.
        only: of each study, the parameters that the other one lacks.
        unmatched: of each study, labels of rows whose configuration, or seed, the other one lacks.
        unclear: those among them that agree with several rows in every common parameter.
    """

    first: Study
    second: Study
    labels: tuple[str, str]
    lines: pd.DataFrame
    seeds_differ: bool
    by_common: frozenset[str]
    only: tuple[tuple[str, ...], ...]
    unmatched: tuple[tuple[Any, ...], ...]
    unclear: tuple[tuple[Any, ...], ...]

    @property
    def studies(self) -> dict[str, Study]:
        """The studies by the columns of ``lines``."""
        return {"a": self.first, "b": self.second}


def settings_of(study: Study) -> dict[str, Settings]:
    """Return the parameters of each configuration of a study, completed by the defaults."""
    defaults = mapping(study.meta["space"].get("defaults"))
    return {
        str(entry["config_id"]): flat({**defaults, **entry["config"]})
        for entry in study.meta["configurations"]
    }


def join(first: Study, second: Study, labels: tuple[str, str] = ("A", "B")) -> Joined:
    """Join the rows of two studies."""
    settings = settings_of(first), settings_of(second)
    names = [dict.fromkeys(name for one in of.values() for name in one) for of in settings]
    matches = {config_id: config_id for config_id in settings[0] if config_id in settings[1]}
    by_common: dict[str, str] = {}
    unclear: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
    common = [name for name in names[0] if name in names[1]]
    if common:
        left = [{i: one for i, one in of.items() if i not in matches} for of in settings]
        by_common, unclear = _over_common(left[0], left[1], common)
    matches |= by_common
    lines, seeds_differ = _lines(first.rows, second.rows, matches)
    both = (first.rows, lines["a"]), (second.rows, lines["b"])
    return Joined(
        first,
        second,
        labels,
        lines,
        seeds_differ,
        by_common=frozenset(by_common),
        only=tuple(
            tuple(name for name in mine if name not in theirs)
            for mine, theirs in (names, names[::-1])
        ),
        unmatched=tuple(
            tuple(rows.index[~_in_a_line(rows, found, whole=seeds_differ)]) for rows, found in both
        ),
        unclear=tuple(
            tuple(rows.index[rows["config_id"].isin(ids)])
            for (rows, _), ids in zip(both, unclear, strict=True)
        ),
    )


def _over_common(
    first: Mapping[str, Settings], second: Mapping[str, Settings], common: list[str]
) -> tuple[dict[str, str], tuple[frozenset[str], frozenset[str]]]:
    """Match configurations by the parameters that both studies have.

    Returns:
        The config_ids of the first study and their matches, and the config_ids of both studies
        that have several possible matches.
    """
    keys = [{i: _key(one, common) for i, one in of.items()} for of in (first, second)]
    counts = [Counter(of.values()) for of in keys]
    matches, unclear = {}, (set[str](), set[str]())
    by_key = {key: config_id for config_id, key in keys[1].items()}
    for config_id, key in keys[0].items():
        if key in by_key and counts[0][key] == counts[1][key] == 1:
            matches[config_id] = by_key[key]
    for side, other in ((0, 1), (1, 0)):
        matched = set(matches if side == 0 else matches.values())
        unclear[side].update(
            i for i, key in keys[side].items() if counts[other][key] and i not in matched
        )
    return matches, (frozenset(unclear[0]), frozenset(unclear[1]))


def _key(settings: Settings, names: list[str]) -> str:
    chosen = {name: settings[name] for name in names if name in settings}
    try:
        return canonical_json(chosen)
    except ValueError:  # NaN, which no search space has, in an edited file
        return repr(chosen)


def _lines(
    first: pd.DataFrame, second: pd.DataFrame, matches: Mapping[str, str]
) -> tuple[pd.DataFrame, bool]:
    """Return the pairs of rows, and whether the studies have no seed in common."""
    one = pd.DataFrame({"a": first.index, "id": first["config_id"].map(matches)})
    two = pd.DataFrame({"b": second.index, "id": second["config_id"]})
    for frame, rows in ((one, first), (two, second)):
        frame["seed"], frame["is_open"] = rows["seed"], ~rows["status"].isin(FINISHED)
    one = one[one["id"].notna()]
    lines = one.merge(two, on=["id", "seed"])[["a", "b"]]
    if len(lines) or one.empty:
        return lines, False
    order = ["is_open", "seed"]
    lowest = [frame.sort_values(order).drop_duplicates("id") for frame in (one, two)]
    return lowest[0].sort_index().merge(lowest[1], on="id")[["a", "b"]], True


def _in_a_line(rows: pd.DataFrame, labels: pd.Series[Any], *, whole: bool) -> pd.Series[bool]:
    """Return which rows are in a line, themselves or (``whole``) by their configuration."""
    if whole:
        return rows["config_id"].isin(rows.loc[labels, "config_id"])
    return pd.Series(rows.index.isin(list(labels)), index=rows.index)
