"""Training times that do not fit the work.

Rows with the same model, batch size, optimizer, epochs and device do the same work. The learning
rate, the data set (of equal size), pinned memory and the seed do not matter. The times of such rows
differ only by noise. A time far outside that noise was measured under other conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.methods import are_svms
from analysis.checks.audit.table import STEADY, Table
from analysis.frames.cells import counted
from analysis.stats import mean_interval

_SAME_WORK = ("lr", "dataset", "pin_memory", "seed", "weight_decay", "momentum")
_FEWEST_ALIKE = 4
_OVER_BUDGET = 0.01
_ROWS_PER_BUDGET = 3
_FAR = 6.0
"""In robust standard deviations, which a few dozen rows determine to within a quarter."""
_FURTHEST = np.log(1.10)
"""A time within a tenth of comparable times is never an outlier."""
_FURTHEST_DIGITS = 5.0
"""Nor is one that differs by so few of the last digits that are printed."""
_PER_EPOCH = (0.5, 1.25)
_FEWEST_PAIRS = 4
_FEWEST_EPOCHS = 4
_FAR_PER_EPOCH = (0.25, 2.0)
"""Load on the machine cannot move the median of four pairs beyond these limits."""
_STOPPED_EARLY = 0.1
_CONFIDENCE = 0.98
_PER_BATCH = (0.75, 1.35)


def time_outliers(table: Table) -> list[Finding]:
    """Look for rows that took far longer or shorter than rows that do the same work.

    Runs that stopped early take less time. If all outliers are short the finding is a note.
    """
    if are_svms(table).any():
        raise NotApplicableError(
            "the work of an SVM depends on every setting, so no rows do the same work"
        )
    seconds = seconds_of_work(table)
    work = [setting for setting in table.settings if setting not in _SAME_WORK]
    groups = ([row for row in rows if seconds[row] > 0] for rows in table.groups(work).values())
    alike = [rows for rows in groups if len(rows) >= _FEWEST_ALIKE]
    if not alike:
        raise NotApplicableError("no four rows do the same work")
    residuals = np.full(len(seconds), np.nan)
    for rows in alike:
        logs = np.log(seconds[rows])
        for i, row in enumerate(rows):
            residuals[row] = logs[i] - np.median(np.delete(logs, i))
    known = residuals[np.isfinite(residuals)]
    # Groups with pairs of equal times pull the median to zero, but not the upper quartile.
    spread = float(np.quantile(np.abs(known), 0.75)) / 1.1503
    digits = np.abs(seconds - seconds / np.exp(residuals)) / table.units("train_seconds")
    far = (np.abs(residuals) > max(_FURTHEST, _FAR * spread)) & (digits > _FURTHEST_DIGITS)
    rows = np.flatnonzero(far).tolist()
    return [_outliers(table, seconds, residuals, rows, spread)] if rows else []


def _outliers(
    table: Table,
    seconds: NDArray[np.float64],
    residuals: NDArray[np.float64],
    rows: list[int],
    spread: float,
) -> Finding:
    worst = max(rows, key=lambda row: abs(residuals[row]))
    return Finding(
        severity="warning" if (residuals[rows] > 0).any() else "note",
        says="some times are far from those of rows that do the same work",
        evidence=(
            f"{counted(len(rows), 'row')}; row {table.named(worst)} took {seconds[worst]:.1f} s, "
            f"comparable rows {seconds[worst] / np.exp(residuals[worst]):.1f} s in the median "
            f"({np.exp(residuals[worst]):.2f}×), where a spread of {100 * spread:.1f} % is usual; "
            f"{table.listed(rows)}"
        ),
        settle="the times of these rows, measured again alone on the machine",
        rows=tuple(rows),
    )


def time_per_epoch(table: Table) -> list[Finding]:
    """Check that times grow with the number of epochs, apart from a fixed cost such as start-up.

    On a busy machine a few pairs may fail the check by chance. With fewer than four pairs, or pairs
    that vary as much themselves, the finding is a note. It is serious only if times are far off.
    Times that grow too little are a note too if runs of the same work differ by a tenth: they may
    have stopped early. A log of epochs has times of one epoch or of all so far: it is left out.
    """
    if _is_log(table):
        raise NotApplicableError("the rows are the epochs of a log")
    return [
        Finding(
            severity="note"
            if np.median(found) < more / fewer and _differ(table, longer)
            else _per_epoch_severity(np.array(found), more / fewer),
            says="times do not grow with the number of epochs",
            evidence=f"{more:g} epochs took {np.median(found):.2f} times as long as {fewer:g} in "
            f"the median of {counted(len(found), 'pair')}, where {more / fewer:.2f} is expected",
            settle="whether the time of a row covers one epoch or all",
            rows=rows,
        )
        for fewer, more, found, rows in _ratios(table, "epochs")
        for longer in [[row for row in rows if table.numbers("epochs")[row] == more]]
        if not _fits(found, _honest(more / fewer, _PER_EPOCH))
    ]


def _is_log(table: Table) -> bool:
    """Return whether rows are the epochs of runs: numbers from 0 or 1 on, without a gap."""
    values = table.numbers("epochs")
    levels = np.unique(values[np.isfinite(values)])
    return len(levels) >= _FEWEST_EPOCHS and levels[0] <= 1 and bool((np.diff(levels) == 1).all())


def _per_epoch_severity(ratios: NDArray[np.float64], expected: float) -> str:
    """Return the severity of ratios (pairs,) of times whose median is not plausible."""
    if len(ratios) < _FEWEST_PAIRS:
        return "note"
    low, high = np.exp(mean_interval(np.log(ratios), confidence=_CONFIDENCE))
    shortest, longest = _honest(expected, _PER_EPOCH)
    if low < longest and high > shortest:
        return "note"
    return "warning" if _fits(ratios, _honest(expected, _FAR_PER_EPOCH)) else "serious"


def _differ(table: Table, rows: Iterable[int]) -> bool:
    """Return whether times of the same work differ by more than noise: runs may stop early."""
    seconds = table.numbers("train_seconds")
    work = table.keys([setting for setting in table.settings if setting not in _SAME_WORK])
    groups: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        groups.setdefault(work[row], []).append(float(np.log(seconds[row])))
    spreads = [np.std(logs, ddof=1) for logs in groups.values() if len(logs) > 1]
    return bool(spreads) and float(np.median(spreads)) > _STOPPED_EARLY


def _honest(expected: float, bounds: tuple[float, float]) -> tuple[float, float]:
    return 1 + bounds[0] * (expected - 1), bounds[1] * expected


def _fits(ratios: NDArray[np.float64] | list[float], limits: tuple[float, float]) -> bool:
    return limits[0] < float(np.median(ratios)) < limits[1]


def time_per_batch(table: Table) -> list[Finding]:
    """Check that times with larger batches are plausible.

    The images of an epoch are the same, so a larger batch can only save the cost per step: it takes
    no longer than a smaller one, and at least its share of the smaller one's time. The finding is a
    note if runs of the same work differ by a tenth, because they may have stopped early, and if
    times grow with the batch and nothing says that they are of whole epochs: a step's time does.
    """
    return [
        Finding(
            severity="warning"
            if len(found) >= _FEWEST_PAIRS
            and not _differ(table, rows)
            and (np.median(found) < 1 or _are_of_runs(table))
            else "note",
            says="times do not fit the batch size",
            evidence=f"batches of {larger:g} took {np.median(found):.2f} times as long as of "
            f"{smaller:g} in the median of {counted(len(found), 'pair')}, where "
            f"{smaller / larger:.2f} to 1 is expected",
            settle="the times of these rows, measured again alone on the machine",
            rows=rows,
        )
        for smaller, larger, found, rows in _ratios(table, "batch_size")
        if not _PER_BATCH[0] * smaller / larger < np.median(found) < _PER_BATCH[1]
    ]


def _are_of_runs(table: Table) -> bool:
    """Return whether times grow with the number of epochs, so that they are of whole runs."""
    if "epochs" not in table.varying():
        return False
    ratios = _ratios(table, "epochs")
    return bool(ratios) and all(
        _fits(found, _honest(more / fewer, _PER_EPOCH)) for fewer, more, found, _ in ratios
    )


def _ratios(table: Table, setting: str) -> list[tuple[float, float, list[float], tuple[int, ...]]]:
    """Return for neighbouring levels: both levels, each pair's ratio of times, and the rows."""
    seconds, values = seconds_of_work(table), table.numbers(setting)
    if STEADY in table.frame:
        seconds = table.numbers(STEADY)
    levels = sorted({float(v) for v in values[np.isfinite(values)]})
    if len(levels) < 2 or setting not in table.settings:
        raise NotApplicableError(f"it needs rows with different {setting.replace('_', ' ')}")
    ratios = []
    for low, high in pairwise(levels):
        # An unknown time is NaN, of which ``min`` of both would lose sight.
        pairs = [
            (a, b) for a, b in table.pairs(setting, low, high) if seconds[a] > 0 and seconds[b] > 0
        ]
        if pairs:
            found = [float(seconds[b] / seconds[a]) for a, b in pairs]
            ratios.append((low, high, found, tuple(sorted(row for pair in pairs for row in pair))))
    return ratios


def seconds_of_work(table: Table) -> NDArray[np.float64]:
    """Return the training times, NaN where they are unknown: (rows,).

    Raises:
        NotApplicableError: there are none, or they are budgets: a few round numbers, or just above.
    """
    if "train_seconds" not in table.frame:
        raise NotApplicableError("no column train_seconds")
    seconds = table.numbers("train_seconds")
    seconds = np.where(np.isfinite(seconds), seconds, np.nan)
    if _are_budgets(seconds[seconds > 0]):
        raise NotApplicableError("the times are budgets")
    return seconds


def _are_budgets(seconds: NDArray[np.float64]) -> bool:
    """Return whether all times are at, or just above, a few round numbers."""
    if len(seconds) < _FEWEST_ALIKE:
        return False
    scale = 10.0 ** np.floor(np.log10(seconds))
    steps = np.floor(seconds / scale * 10 + 1e-9)  # the first two digits
    budgets = {(step, size) for step, size in zip(steps, scale, strict=True)}
    is_above = seconds / (steps * scale / 10) <= 1 + _OVER_BUDGET
    return bool(is_above.all()) and len(budgets) <= len(seconds) / _ROWS_PER_BUDGET
