"""Identical times of different runs, and how likely they are by chance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance
from analysis.checks.audit.table import Table
from analysis.checks.audit.ties import binomial_tail
from analysis.checks.audit.times import seconds_of_work
from analysis.frames.cells import counted

Floats = NDArray[np.float64]
_LEVEL = 1e-4
_PEAKED = 1.5
_DIGITS = 1e-4
_ARM_DIGITS = 1e-2
_FEWEST_TIED = 3
_WINDOW = 20_000
_SPREAD = 0.005
"""Times of the same work vary by more than this share, so within it they lie evenly."""
_SAME_DIGIT = 0.5
_MOST_ROWS = 2000


def tied_times(table: Table) -> list[Finding]:
    """Look for rows that took exactly the same time, and for arms that took the same times.

    Of K pairs of times that are at most w last digits apart, K / (2w + 1) are expected to be equal.
    w is the median distance of those that are not equal, at most half a percent of the time. Times
    need five digits, or three where at least three pairs of rows that differ in one setting are
    equal. Left out are budgets of time, and rows that stand twice with all their results.
    """
    seconds = seconds_of_work(table)
    values = np.where(_repeats(table), np.nan, seconds)
    units = table.resolution("train_seconds")
    found = _any_rows(table, values, units) or _arms(table, values, units)
    if not (np.isfinite(values) & (units > 0) & (units <= _ARM_DIGITS * values)).sum() > 1:
        raise NotApplicableError("fewer than two times have three digits or more")
    return found


def _repeats(table: Table) -> NDArray[np.bool_]:
    """Return which rows have the settings and the results of one above: (rows,)."""
    if not table.settings:
        return np.zeros(len(table.frame), dtype=bool)
    seen: set[tuple[str, ...]] = set()
    repeats = []
    for key in table.keys([*table.settings, *map(str, table.unit)]):
        repeats.append(key in seen)
        seen.add(key)
    return np.array(repeats, dtype=bool)


def _any_rows(table: Table, values: Floats, units: Floats) -> list[Finding]:
    rows = np.flatnonzero(np.isfinite(values) & (units > 0) & (units <= _DIGITS * values))
    if not 2 <= len(rows) <= _MOST_ROWS:
        return []
    first, second = np.triu_indices(len(rows), 1)
    coarser = np.maximum(units[rows][first], units[rows][second])
    steps = np.abs(values[rows][first] - values[rows][second]) / coarser
    window = np.minimum(_WINDOW, _SPREAD * values[rows][first] / coarser)
    near = steps <= window
    ties = near & (steps < _SAME_DIGIT)
    if not ties.any():
        return []
    probability = _probability(steps[near], window[near])
    if probability >= _LEVEL:
        return []
    tied = sorted({int(row) for ends in (first, second) for row in rows[ends[ties]]})
    return [_finding(table, int(ties.sum()), tied, probability=probability)]


def _probability(steps: Floats, window: Floats) -> float:
    """Return the chance of so many equal times among near ones, (pairs,)."""
    ties = steps < _SAME_DIGIT
    share = np.minimum(1.0, _PEAKED / (2 * window + 1))
    if (~ties).sum() >= _FEWEST_TIED:
        between = float(np.median(steps[~ties]))
        share = np.maximum(share, min(1.0, _PEAKED / (2 * between + 1)))
    return binomial_tail(int(ties.sum()), len(steps), float(np.mean(share)))


def _arms(table: Table, values: Floats, units: Floats) -> list[Finding]:
    usable = np.isfinite(values) & (units > 0) & (units <= _ARM_DIGITS * values)
    varying = table.varying()
    for factor in varying:
        pairs = [(a, b) for rows in table.matched(factor, usable) for a, b in pairwise(rows)]
        if len(pairs) < _FEWEST_TIED:
            continue
        a, b = np.array(pairs).T
        coarser = np.maximum(units[a], units[b])
        steps = np.abs(values[a] - values[b]) / coarser
        ties = steps < _SAME_DIGIT
        probability = _probability(steps, _SPREAD * values[a] / coarser) * len(varying)
        if ties.sum() >= _FEWEST_TIED and probability < _LEVEL:
            tied = sorted({*a[ties].tolist(), *b[ties].tolist()})
            return [_finding(table, int(ties.sum()), tied, probability=probability, factor=factor)]
    return []


def _finding(
    table: Table,
    pairs: int,
    rows: list[int],
    *,
    probability: float,
    factor: str = "",
) -> Finding:
    differing = f" that differ in {factor}" if factor else ""
    return Finding(
        severity="serious",
        says=f"different runs{differing} took exactly the same time",
        evidence=(
            f"{counted(pairs, 'equal pair')}, as {table.numbers('train_seconds')[rows[0]]:.10g} s: "
            f"{chance(probability)} by chance; {table.listed(rows)}"
        ),
        settle="the logs of both runs",
        rows=tuple(rows),
    )
