"""Times of joined rows, compared only where they were taken under the same conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.compare.joined import Joined
from analysis.compare.measure import common_measures, is_time
from analysis.compare.pairs import independent, pairs_of, sides
from analysis.compare.verdict import ALPHA
from analysis.frames.labels import heading
from analysis.frames.load import Study
from analysis.frames.rows import TIMED_ON, Processors, processors_of
from analysis.frames.timing import conditions_differ, same_conditions
from analysis.frames.training_time import PROCESSOR, WALL
from analysis.stats import units_of

_FIRST = (PROCESSOR, WALL, "fit_seconds")
_WORDS = {PROCESSOR: "processor time", WALL: "training time"}


def time_words(name: str) -> str:
    """Return a time or a rate in words, without its unit: ``processor time``, ``images/s``."""
    return _WORDS.get(name) or heading(name).removesuffix(" (s)")


def times_data(joined: Joined) -> pd.DataFrame:
    """Compare every time and rate that both studies report.

    Pairs count if equally many trials ran at once on the node and, on the same device, with equally
    many threads. The ratio is the geometric mean over the independent units.

    Returns:
        One line per measure: ``measure``, ``num_pairs`` (independent pairs), ``num_left_out`` (rows
        whose conditions differ), ``ratio`` (second ÷ first), ``low`` and ``high`` (its interval),
        ``smallest`` and ``largest`` (of single pairs), and ``problem``, why nothing is compared.
    """
    names = [n for n in common_measures(joined.first, joined.second) if is_time(n)]
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    records = [] if joined.seeds_differ else [_compared(joined, name) for name in names]
    columns = ["measure", "num_pairs", "num_left_out", "ratio", "low", "high"]
    frame = pd.DataFrame(records, columns=[*columns, "smallest", "largest", "problem"])
    return frame[(frame["num_pairs"] > 0) | (frame["problem"] != "")].reset_index(drop=True)


def _timed_sides(joined: Joined) -> list[pd.DataFrame]:
    """Return the rows of both studies, with their processors if one study ran on several.

    Of two studies with one processor each the times are compared, whatever these are: that shows
    what the other machine does.
    """
    both = list(zip((joined.first, joined.second), sides(joined), strict=True))
    if not any(TIMED_ON in side for _, side in both):
        return [side for _, side in both]
    return [side if TIMED_ON in side else _with_processors(study, side) for study, side in both]


def _with_processors(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows that were not continued on another machine, with the processor of each."""
    processors = processors_of(study.meta["launches"])
    names = [
        processors.get(launch, Processors()).name(device)
        for launch, device in zip(rows["launch"], rows["device"], strict=True)
    ]
    return rows.assign(**{TIMED_ON: names})


def _compared(joined: Joined, name: str) -> dict[str, Any]:
    pairs = pairs_of(joined, name)
    pairs = pairs[pairs["same_data"] & (pairs["a"] > 0) & (pairs["b"] > 0)]
    record: dict[str, Any] = {"measure": name, "num_pairs": 0, "num_left_out": 0, "problem": ""}
    if pairs.empty:
        return record
    one, two = (side.loc[pairs["line"]].set_axis(pairs.index) for side in _timed_sides(joined))
    alike = same_conditions(one, two, time=name)
    record["num_left_out"] = int((~alike).sum())
    if not alike.any():
        return record | {"problem": conditions_differ(one, two, time=name)}
    # Asked for anew: a pair may repeat one that was timed under other conditions.
    kept = pairs_of(joined, name, pairs.loc[alike, "line"])
    kept = kept.assign(difference=np.log(kept["b"] / kept["a"]))
    found = independent(kept)
    units = units_of(found["difference"], found["seed"])
    interval = units.interval(1 - ALPHA)
    return record | {
        "num_pairs": len(found),
        "ratio": float(np.exp(units.mean)),
        "low": float(np.exp(interval.low)),
        "high": float(np.exp(interval.high)),
        "smallest": float(np.exp(found["difference"].min())),
        "largest": float(np.exp(found["difference"].max())),
    }
