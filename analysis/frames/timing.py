"""Compare durations: which of them are comparable."""

from __future__ import annotations

import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.rows import BESIDE, IN_TURN, TIMED_ON, processors_differ
from analysis.frames.training_time import PROCESSOR, WALL
from tune_app.study.trial_record import WAITED_SHARE

CONDITIONS = ("num_concurrent_trials", "num_threads", WAITED_SHARE)
"""Columns that say under which conditions a time was taken."""
TAKEN_FROM = "@taken_from"
"""The column of rows whose ``train_seconds`` may be another time, with the name of that time."""
BUSY_SHARE = 0.15
"""Threads that wait for a core for this share of their time share the cores with other work.

Ray's own processes make the threads of a trial that has all cores wait for 5 to 9 % of their time.
"""


def conditions_differ(first: pd.DataFrame, second: pd.DataFrame, *, time: str = WALL) -> str:
    """Say why the durations of two sets of rows cannot be compared; empty if they can.

    They can be compared if every row records how many trials ran at once on its node
    (``num_concurrent_trials``, 1 for alone), this number is the same in all rows, and rows with the
    same ``device`` used the same number of threads (``num_threads``, if recorded). Rows that do
    not record a number are not comparable, and neither are rows whose threads waited for a core for
    15 % of their time or longer (``waited_share``, if recorded); waiting does not matter to
    processor time. It does not help that a study asks for trials that run alone, because the GPUs
    of one node still share the node. If the rows name their processor (``timed_on``), it has to be
    the same one; a GPU may be compared with the processor beside it.

    Args:
        first, second: the rows.
        time: the column that is compared.
    """
    both = pd.concat([_conditions(rows, time) for rows in (first, second)], ignore_index=True)
    return _processors_differ(both) or _numbers_differ(both) or _busy(both)


def _processors_differ(both: pd.DataFrame) -> str:
    processors = list(dict.fromkeys(both[TIMED_ON].dropna()))
    if not processors_differ(processors):
        return ""
    return f"they were taken on different processors ({', '.join(processors)})"


def _numbers_differ(both: pd.DataFrame) -> str:
    counts = both["num_concurrent_trials"]
    if counts.isna().all():
        return "how many trials ran at once is not recorded"
    if counts.isna().any():
        return f"{_silent(counts)} not record how many trials ran at once"
    if counts.nunique() > 1:
        return f"between {counts.min():.0f} and {counts.max():.0f} trials ran at once"
    threads = both["num_threads"]
    if threads.notna().any() and threads.isna().any():
        return f"{_silent(threads)} not record how many threads were used"
    if (threads.groupby(both["device"], dropna=False).nunique() > 1).any():
        return (
            f"trials of one device used between {threads.min():.0f} and {threads.max():.0f} threads"
        )
    return ""


def _busy(both: pd.DataFrame) -> str:
    waited = both[WAITED_SHARE]
    if not (waited >= BUSY_SHARE).any():
        return ""
    return (
        "other work had part of the cores, for which threads waited up to "
        f"{100 * waited.max():.0f} % of their time"
    )


def _silent(values: pd.Series[float]) -> str:
    number = int(values.isna().sum())
    return "1 row does" if number == 1 else f"{number} rows do"


def same_conditions(
    first: pd.DataFrame, second: pd.DataFrame, *, time: str = WALL
) -> pd.Series[bool]:
    """Return line by line, for frames with the same index, whether two durations are comparable."""
    a, b = _conditions(first, time), _conditions(second, time)
    counts = a["num_concurrent_trials"] == b["num_concurrent_trials"]
    threads = (a["num_threads"] == b["num_threads"]) | (
        a["num_threads"].isna() & b["num_threads"].isna()
    )
    other_device = a["device"].notna() & b["device"].notna() & (a["device"] != b["device"])
    known = a["num_threads"].notna() == b["num_threads"].notna()
    one, two = a[TIMED_ON], b[TIMED_ON]
    processors = (one == two) | (other_device & (_machines(one) == _machines(two)))
    processors &= ~one.str.contains(IN_TURN, regex=False) & ~two.str.contains(IN_TURN, regex=False)
    processors |= one.isna() & two.isna()
    busy = (a[WAITED_SHARE] >= BUSY_SHARE) | (b[WAITED_SHARE] >= BUSY_SHARE)
    return counts & processors & (threads | (other_device & known)) & ~busy


def _machines(processors: pd.Series[str]) -> pd.Series[str]:
    """Return the processors of the machines, without the GPUs beside them."""
    return processors.str.replace(f"^.*{BESIDE}", "", regex=True)


def _conditions(rows: pd.DataFrame, time: str) -> pd.DataFrame:
    frame = pd.DataFrame({name: numbers(rows, name) for name in CONDITIONS})
    own = TAKEN_FROM in rows and time == WALL
    taken_from = rows[TAKEN_FROM] if own else pd.Series(time, index=rows.index)
    frame[WAITED_SHARE] = frame[WAITED_SHARE].mask(taken_from == PROCESSOR)
    processors = rows[TIMED_ON] if TIMED_ON in rows else pd.Series(index=rows.index, dtype="str")
    return frame.assign(device=rows.get("device"), **{TIMED_ON: processors.astype("str")})


def epoch_times(epochs: pd.DataFrame, *, time: str = WALL) -> pd.DataFrame:
    """Return the training seconds of each epoch after the first one of its process.

    That one also fills caches and selects algorithms.

    Args:
        epochs: as ``Study.epochs``: ``trial_key``, ``epoch``, a cumulative time and, if recorded,
            ``warm_up`` (whether an epoch was the first of its process).
        time: the column of the time.

    Returns:
        ``trial_key``, ``epoch`` and ``seconds``. An epoch is left out if its predecessor is missing
        or does not have a smaller time (in a resumed trial).
    """
    ordered = epochs.sort_values(["trial_key", "epoch"])
    by_trial = ordered.groupby("trial_key", sort=False)
    seconds = by_trial[time].diff()
    keep = (by_trial["epoch"].diff() == 1) & (seconds > 0)
    if "warm_up" in ordered:  # a resumed trial warms up again
        keep &= ~ordered["warm_up"].isin([True])
    return ordered.assign(seconds=seconds).loc[keep, ["trial_key", "epoch", "seconds"]]
