"""Where two studies differ: by setting, by measure, and rows with a result in one of them only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.compare.joined import Joined
from analysis.compare.measure import Judged, common_measures, is_time, unlike
from analysis.compare.pairs import Pairs, distinct, pairs_of, sides, units
from analysis.compare.verdict import ALPHA
from analysis.frames.columns import levels
from analysis.frames.load import FINISHED
from analysis.stats.units import too_few_units

_MOST_LEVELS = 12
"""A parameter with more values, as in a random search, is not a factor."""


def common_parameters(joined: Joined) -> list[str]:
    """Return the parameters of both studies that vary among the joined rows."""
    one, _ = sides(joined)
    names = [n for n in joined.first.config_keys if n in joined.second.config_keys]
    return [name for name in names if name in one and len(levels(one, name)) > 1]


def levels_data(joined: Joined, pairs: Pairs) -> pd.DataFrame:
    """Return the mean difference at every value of every varied parameter.

    Returns:
        ``factor``, ``level``, ``num_pairs`` (independent ones), ``difference``, ``low`` and
        ``high`` (the interval; NaN with too few units) and ``p_value``, multiplied by the number of
        lines that are tested (Bonferroni), 1 if the interval has 0 and NaN without an interval.
    """
    one, _ = sides(joined)
    used = distinct(pairs)
    records: list[dict[str, Any]] = []
    for factor in [] if joined.seeds_differ else common_parameters(joined):
        if used.empty:
            break
        values = one.loc[used["line"], factor].set_axis(used.index)
        found = levels(values.to_frame(), factor)
        if not 1 < len(found) <= _MOST_LEVELS:
            continue
        for level in found:
            at = used[values == level]
            unit = units(at)
            assert unit is not None
            record = {"factor": factor, "level": level, "num_pairs": at["training"].nunique()}
            record |= {"difference": unit.mean, "low": np.nan, "high": np.nan, "p_value": np.nan}
            if not too_few_units(len(unit.values), ALPHA):
                low, high = unit.interval(1 - ALPHA)
                # Interval and test agree, so the p-value of an interval that has 0 is not needed.
                p_value = unit.p_value() if low > 0 or high < 0 else 1.0
                record |= {"low": low, "high": high, "p_value": p_value}
            records.append(record)
    columns = ["factor", "level", "num_pairs", "difference", "low", "high", "p_value"]
    frame = pd.DataFrame(records, columns=columns)
    frame["p_value"] = (frame["p_value"] * frame["p_value"].notna().sum()).clip(upper=1.0)
    return frame


def measures_data(joined: Joined, judged: Judged) -> pd.DataFrame:
    """Return how far every measure of both studies agrees, the one that decides first.

    Returns:
        ``measure``, ``num_rows`` with a value in both, ``num_equal`` digit for digit, ``mean_a``,
        ``mean_b`` and ``difference`` (of these means) over the rows, and ``largest``, the largest
        difference of a row, without its sign. Times, and measures in another unit, are left out.
    """
    names = common_measures(joined.first, joined.second)
    names = [n for n in names if not is_time(n) and not unlike(joined, n)]
    records = []
    for name in sorted(names, key=lambda name: name != judged.name):
        pairs = pairs_of(joined, name)
        if pairs.empty:
            continue
        records.append(
            {
                "measure": name,
                "num_rows": len(pairs),
                "num_equal": int(pairs["equal"].sum()),
                "mean_a": pairs["a"].mean(),
                "mean_b": pairs["b"].mean(),
                "difference": pairs["difference"].mean(),
                "largest": pairs["difference"].abs().max(),
            }
        )
    columns = ["measure", "num_rows", "num_equal", "mean_a", "mean_b", "difference", "largest"]
    return pd.DataFrame(records, columns=columns)


def one_sided_data(joined: Joined) -> pd.DataFrame:
    """Return the joined rows that have no result in at least one study.

    Returns:
        ``line``, ``status_a``, ``status_b``, ``reason_a`` and ``reason_b``.
    """
    one, two = sides(joined)
    lacking = ~(one["status"].isin(FINISHED) & two["status"].isin(FINISHED))
    if joined.seeds_differ:
        lacking[:] = False
    frame = pd.DataFrame({"line": joined.lines.index}, index=joined.lines.index)
    for side, rows in (("a", one), ("b", two)):
        frame[f"status_{side}"], frame[f"reason_{side}"] = rows["status"], rows["reason"]
    return frame[lacking].reset_index(drop=True)
