"""The values of one measure in joined rows, and the independent differences among them.

Rows can share a training: a shorter training is the beginning of a longer one, and values of a
parameter that changes nothing have one result. Pairs of rows that repeat another pair's two results
say nothing new and do not count. Pairs that have a training in common count as one, with their mean
difference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.compare.joined import Joined
from analysis.frames.columns import datasets_of_rows, numbers, without_chance
from analysis.stats import Units, units_of
from tune_app.study.fingerprint import data_fingerprint

Pairs = pd.DataFrame
"""One line per joined pair of rows that both have a value.

``line`` (of ``Joined.lines``), ``seed``, ``a``, ``b``, ``difference`` (b − a), ``equal`` (digit for
digit), ``same_data`` (False if the two are known to come from other data), ``repeats`` (whether an
earlier pair has the same two results) and ``training``, a number that pairs have in common if they
share a training.
"""


def sides(joined: Joined) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of both studies line by line, with the index of ``Joined.lines``."""
    one, two = (
        study.rows.loc[joined.lines[side]].set_axis(joined.lines.index, axis="index")
        for side, study in joined.studies.items()
    )
    return one, two


def pairs_of(joined: Joined, name: str, lines: pd.Series[Any] | None = None) -> Pairs:
    """Return the pairs of values of one measure, of some lines only if they are given."""
    one, two = sides(joined)
    frame = pd.DataFrame({"line": joined.lines.index, "seed": one["seed"]})
    frame["a"] = _values(joined, "a", name)
    frame["b"] = _values(joined, "b", name)
    frame["difference"] = frame["b"] - frame["a"]
    frame["equal"] = frame["a"] == frame["b"]
    frame["same_data"] = same_data(joined)
    have = frame["difference"].notna()
    if lines is not None:
        have &= frame["line"].isin(lines)
    frame, one, two = frame[have], one[have], two[have]
    results = pd.concat([side[["trial_id", "milestone"]] for side in (one, two)], axis=1)
    frame["repeats"] = results.duplicated() | _repeated_seeds(joined, one, two)
    frame["training"] = _trainings(one["trial_id"], two["trial_id"])
    return frame.reset_index(drop=True)


def _values(joined: Joined, side: str, name: str) -> NDArray[np.float64]:
    """Return the values of a measure line by line; means over the seeds if no seed is shared."""
    rows = joined.studies[side].rows
    values = numbers(rows, name)
    if joined.seeds_differ:
        values = values.groupby(rows["config_id"]).transform("mean")
    return np.asarray(values.loc[joined.lines[side]], dtype=np.float64)


def same_data(joined: Joined) -> pd.Series[bool]:
    """Return for each line whether both rows used the same data; True if it is not recorded."""
    studies = joined.studies.items()
    names = (datasets_of_rows(study).loc[joined.lines[side]] for side, study in studies)
    pairs = list(zip(*names, strict=True))
    known = {pair: _datasets_agree(joined, *pair) for pair in dict.fromkeys(pairs)}
    return pd.Series([known[pair] for pair in pairs], index=joined.lines.index, dtype=bool)


def _datasets_agree(joined: Joined, first: object, second: object) -> bool:
    """Return whether two data sets have the same images and the same split, as far as is known."""
    of_first = data_fingerprint(joined.first.meta["data"], first)
    of_second = data_fingerprint(joined.second.meta["data"], second)
    return None in (of_first, of_second) or of_first == of_second


def _repeated_seeds(joined: Joined, one: pd.DataFrame, two: pd.DataFrame) -> pd.Series[bool]:
    """Return which pairs repeat one at a lower seed, because it changes nothing in both studies."""
    sides_of = zip(joined.studies.values(), (one, two), strict=True)
    same = [side["config_id"].isin(list(without_chance(study))) for study, side in sides_of]
    return same[0] & same[1] & one["config_id"].duplicated()


def _trainings(one: pd.Series[Any], two: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a number for each pair, the same for pairs that are connected by trials."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = pd.factorize(one.astype(str))[0], pd.factorize(two.astype(str))[0]
    if not len(a):
        return np.zeros(0, dtype=np.int64)
    size, start = len(a) + len(b), len(a)
    edges = coo_array((np.ones(len(a)), (a, b + start)), shape=(size, size))
    return np.asarray(connected_components(edges, directed=False)[1][a], dtype=np.int64)


def distinct(pairs: Pairs) -> Pairs:
    """Return the pairs that can be compared and do not repeat others."""
    return pairs[pairs["same_data"] & ~pairs["repeats"]]


def independent(pairs: Pairs) -> Pairs:
    """Return ``seed`` and ``difference`` of the independent pairs: one per shared training."""
    groups = distinct(pairs).groupby("training", sort=False)
    return groups.agg({"seed": "first", "difference": "mean"}).reset_index(drop=True)


def units(pairs: Pairs) -> Units | None:
    """Return the independent units of the differences; None without any."""
    found = independent(pairs)
    return units_of(found["difference"], found["seed"]) if len(found) else None
