"""Rows whose numbers have other last digits than the rest of the table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance
from analysis.checks.audit.table import ONE_TEST_SET, Table
from analysis.checks.audit.ties import binomial_tail
from analysis.checks.audit.times import seconds_of_work
from tune_app.study.measures import is_share

_LEVEL = 1e-5
_MULTIPLES = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
_FEWEST_VALUES = 4
_ZEROS = (2, 3, 4)
_FEWEST_SIGNIFICANT = 5


def coarser_digits(table: Table) -> list[Finding]:
    """Look for the rows of one level whose accuracies are all multiples of a coarser step.

    Such rows were tested on fewer images than the rest, or made up. Honest tables look like it
    where levels are data sets with test sets of their own (a note, unless the stated number of test
    images contradicts it), and where rows are printed with fewer digits (silent, because the reader
    sees it). Runs that collapsed to one value count once.
    """
    columns = [str(c) for c in table.unit if is_share(str(c))]
    blocks = [
        (setting, level, table.subset({setting: level}))
        for setting in table.varying()
        for level in sorted({*table.levels(setting)})
    ]
    found: list[Finding] = []
    applied = False
    for column in columns:
        tests = len(blocks) * len(_MULTIPLES) * len(columns)
        for setting, level, block in blocks:
            result = _coarser(table, column, block)
            applied = applied or result is not None
            if result is not None and result[1] * tests < _LEVEL:
                multiple, chances = result[0], result[1] * tests
                found += _block(
                    table, column, (setting, level), block=block, step=multiple, probability=chances
                )
    if not applied:
        raise NotApplicableError("no level of a setting has enough rows, and others beside it")
    return found


def _coarser(table: Table, column: str, block: NDArray[np.bool_]) -> tuple[int, float] | None:
    """Return the step that all values of a block are multiples of, and its probability."""
    values, units = table.numbers(column), table.units(column)
    usable = np.isfinite(values) & (units > 0)
    if not usable.any():
        return None
    finest = float(units[usable].min())
    steps = np.rint(values / finest, where=usable, out=np.zeros(len(values))).astype(np.int64)
    inside, outside = np.unique(steps[usable & block]), np.unique(steps[usable & ~block])
    if min(len(inside), len(outside)) < _FEWEST_VALUES:
        return None
    best = (1, 1.0)
    for multiple in _MULTIPLES:
        if (inside % multiple).any():
            continue
        elsewhere = ((outside % multiple == 0).sum() + 1) / (len(outside) + 1)
        probability = float(max(1 / multiple, elsewhere) ** len(inside))
        best = min(best, (multiple, probability), key=lambda one: one[1])
    return best


def _block(
    table: Table,
    column: str,
    at: tuple[str, str],
    *,
    block: NDArray[np.bool_],
    step: int,
    probability: float,
) -> list[Finding]:
    units = table.units(column)
    rows = np.flatnonzero(block & np.isfinite(table.numbers(column))).tolist()
    finest = float(np.nanmin(units))
    if float(np.nanmin(units[rows])) > finest * 1.5:
        return []
    size = step * finest
    contradicts = bool((size * table.num_test[rows] > 1.5).all())
    is_own = at[0] not in ONE_TEST_SET and not contradicts
    return [
        Finding(
            severity="note" if is_own else "warning",
            says=f"{column} of {at[0]} {at[1]} has coarser digits than the rest: of a smaller test "
            "set, rounded before, or made up",
            evidence=f"{len(rows)} of {len(rows)} are multiples of {100 * size:g} %, "
            f"{chance(probability)} by chance; {table.listed(rows)}",
            settle="the number of test images of these rows, and the log of one",
            rows=tuple(rows),
        )
    ]


def round_times(table: Table) -> list[Finding]:
    """Look for times that are round hundreds while others have all their digits.

    Such times were estimated or made up. Honest tables look like it where a time is a budget
    (equal times count once), where all times are given to a few significant digits (the rule is
    silent unless some have five), where a clock ticks, and where one time happens to be round.
    """
    values, units = seconds_of_work(table), table.units("train_seconds")
    if (table.resolution("train_seconds") > 1.5 * units).any():
        raise NotApplicableError("the clock ticks more coarsely than its times are printed")
    usable = np.isfinite(values) & (units > 0) & (values > 0)
    steps = np.rint(np.divide(values, units, where=usable, out=np.zeros(len(values))))
    full = usable & (steps >= 10 ** (_FEWEST_SIGNIFICANT - 1)) & (steps % 10 != 0)
    if full.sum() < _FEWEST_VALUES:
        raise NotApplicableError("fewer than four times have five digits")
    for digit in np.unique(units[usable]):
        alike = usable & (units == digit)
        for zeros in _ZEROS:
            is_round = alike & (steps % 10**zeros == 0)
            distinct, num = len(np.unique(steps[is_round])), len(np.unique(steps[alike]))
            p = binomial_tail(distinct, num, 10.0**-zeros) * len(_ZEROS)
            # If most times are round, that is how their clock or their program gives them.
            if 1 < distinct <= num / 2 and p < _LEVEL:
                rows = np.flatnonzero(is_round).tolist()
                return [
                    Finding(
                        severity="warning",
                        says="some times are round numbers while others have all their digits",
                        evidence=f"{len(rows)} of {int(alike.sum())} end in {zeros} zeros, as "
                        f"{values[rows[0]]:.10g} s: {chance(p)} by chance; {table.listed(rows)}",
                        settle="the logs of these rows",
                        rows=tuple(rows),
                    )
                ]
    return []
