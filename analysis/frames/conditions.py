"""Under which conditions a time was taken, and the mark of those that were not taken alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.labels import MISSING
from analysis.frames.load import Study

MARK = "‡"
"""Of a time whose trial did not run alone on its node, or of which that is not known."""
NOT_COMPARABLE = "not comparable"


def at_once(study: Study, config_ids: Iterable[object]) -> list[float]:
    """Return how many trials ran at once at most while each configuration was timed.

    Args:
        study: the study.
        config_ids: the configurations; over their seeds the maximum counts.

    Returns:
        1 for alone; NaN where it is not recorded for every seed with a result, or there is none.
    """
    rows = study.rows[study.rows["milestone"].notna() & timed(study.rows)]
    most = _most(rows, "config_id").to_dict()
    return [float(most.get(config_id, math.nan)) for config_id in config_ids]


def at_once_in_trials(study: Study) -> list[float]:
    """Return how many trials ran at once at most with each trial that has a training time.

    Returns:
        1 for alone; NaN where not every epoch of the trial with a time says so.
    """
    epochs = study.epochs
    with_time = epochs[numbers(epochs, "train_seconds").notna()]
    return [float(count) for count in _most(with_time, "trial_key")]


def _most(rows: pd.DataFrame, key: str) -> pd.Series[float]:
    """Return the largest count of each group, NaN where one of its rows has none."""
    counts = numbers(rows, "num_concurrent_trials").groupby(rows[key])
    return counts.max().where(counts.count() == counts.size())


def timed(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows have a time."""
    times = [numbers(rows, name).notna() for name in ("train_seconds", "fit_seconds")]
    return times[0] | times[1]


def marked(texts: Iterable[str], counts: Iterable[float]) -> list[str]:
    """Return printed times with ``MARK`` behind those that were not taken alone."""
    return [
        text if text == MISSING or count == 1 else f"{text} {MARK}"
        for text, count in zip(texts, counts, strict=True)
    ]


def note(study: Study, counts: Iterable[float], name: str = "") -> tuple[str, ...]:
    """Return the footnote of ``MARK``; nothing where every time was taken alone.

    Args:
        study: the study.
        counts: as ``at_once`` returns them, of the rows that have a time.
        name: of the study, where the footnote stands beside those of others.
    """
    values = np.asarray(list(counts), dtype=float)
    several = values[values > 1]
    is_unknown = bool(np.isnan(values).any())
    of = f" in {name}" if name else ""
    if len(several):
        text = f"Not taken alone{of}: up to {several.max():.0f} trials ran at once on the node"
        text += "; of some times the number is not recorded" if is_unknown else ""
    elif is_unknown:
        text = f"Not known to be taken alone{of}: how many trials ran at once is not recorded"
    else:
        return ()
    asked = study.meta["space"].get("exclusive") is True
    wish = ", though the space asks for trials that run alone" if asked else ""
    return (f"{MARK} {text}{wish}.",)
