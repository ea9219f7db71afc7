"""What else ran while a time was measured, and the mark of such times."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.labels import MISSING
from analysis.frames.load import Study
from analysis.frames.timing import BUSY_SHARE
from tune_app.study.trial_record import WAITED_SHARE

MARK = "‡"
"""Marks a time whose trial did not run alone on its node, or may not have."""
NOT_COMPARABLE = "not comparable"


_BUSY = "other work had part of the cores: threads waited for one for 15 % of their time or longer"


def at_once(study: Study, config_ids: Iterable[object]) -> list[float]:
    """Return the largest number of trials that ran at once while each configuration was timed.

    Args:
        study: the study.
        config_ids: the configurations; the largest number at any of their seeds counts.

    Returns:
        1 for alone; infinite if other work had part of the cores; NaN if there is no result, or a
        seed with a result does not record the number.
    """
    rows = study.rows[study.rows["milestone"].notna() & timed(study.rows)]
    waited = numbers(rows, WAITED_SHARE).groupby(rows["config_id"]).max()
    most = _most(rows, "config_id", waited).to_dict()
    return [float(most.get(config_id, math.nan)) for config_id in config_ids]


def at_once_in_trials(study: Study) -> list[float]:
    """Return the largest number of trials that ran at once, of each trial with a training time.

    Returns:
        1 for alone; infinite if other work had part of the cores; NaN if an epoch of the trial that
        has a time does not record the number.
    """
    epochs = study.epochs
    with_time = epochs[numbers(epochs, "train_seconds").notna()]
    waited = numbers(with_time, WAITED_SHARE).groupby(with_time["trial_key"]).mean()
    return [float(count) for count in _most(with_time, "trial_key", waited)]


def _most(rows: pd.DataFrame, key: str, waited: pd.Series[float]) -> pd.Series[float]:
    """Return the largest count of each group; NaN if a row of the group has none."""
    counts = numbers(rows, "num_concurrent_trials").groupby(rows[key])
    most = counts.max().where(counts.count() == counts.size())
    return most.mask(waited >= BUSY_SHARE, math.inf)


def timed(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows have a time: what they report, or what Tune took."""
    names = ("train_seconds", "fit_seconds", "tune_seconds")
    return pd.DataFrame({name: numbers(rows, name) for name in names}).notna().any(axis=1)


def marked(texts: Iterable[str], counts: Iterable[float]) -> list[str]:
    """Return printed times, with ``MARK`` behind those that were not measured alone."""
    return [
        text if text == MISSING or count == 1 else f"{text} {MARK}"
        for text, count in zip(texts, counts, strict=True)
    ]


def note(study: Study, counts: Iterable[float], name: str = "") -> tuple[str, ...]:
    """Return the footnote of ``MARK``; empty if every time was measured alone.

    Args:
        study: the study.
        counts: as ``at_once`` returns them, of the rows that have a time.
        name: the study's name, if footnotes of other studies stand beside this one.
    """
    values = np.asarray(list(counts), dtype=float)
    several = values[np.isfinite(values) & (values > 1)]
    is_unknown, is_busy = bool(np.isnan(values).any()), bool(np.isinf(values).any())
    of = f" in {name}" if name else ""
    if len(several) or is_busy:
        others = f"up to {several.max():.0f} trials ran at once on the node" if len(several) else ""
        texts = (
            others,
            _BUSY if is_busy else "",
            "for some times the number is not recorded" if is_unknown else "",
        )
        text = f"Not measured alone{of}: {'; '.join(filter(None, texts))}"
    elif is_unknown:
        text = f"Perhaps not measured alone{of}: how many trials ran at once is not recorded"
    else:
        return ()
    is_exclusive = study.meta["space"].get("exclusive") is True
    request = ", although the space asks for trials that run alone" if is_exclusive else ""
    return (f"{MARK} {text}{request}.",)
