"""Look for one arm that is another one with digits altered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance
from analysis.checks.audit.table import Table
from analysis.checks.audit.ties import binomial_tail
from analysis.frames.cells import counted

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]
Pairs = list[tuple[int, int]]
_LEVEL = 1e-5
_FEWEST_EQUAL = 3
_FEWEST_ROUND = 2
_PEAKED = 1.5
_ROUND = range(2, 9)
"""Numbers of zeros at the end of a difference that make it round."""
_MOST_ROWS = 300
_FLOAT = 1e-13
"""Relative size of the last digits that a double cannot hold."""
_WHOLE = 1e-6
"""How far a whole number of last digits may lie from one."""
_TIME_SPREAD = 0.005
_DISAGREEING = 0.5
_INDIFFERENT = 4.0
"""How much likelier round differences may be in matched pairs than in others."""


@dataclass(frozen=True, eq=False)
class _Arms:
    """Two levels of a setting, and the rows that differ in it alone.

    Attributes:
        table: the table.
        column: our name of a measured column.
        factor: the setting.
        levels: its two levels.
        pairs: positions of the rows at the first and at the second level.
        tests: how many comparisons are made, by which probabilities are multiplied.
        elsewhere: the differences of all two rows of a data set, in last digits.
    """

    table: Table
    column: str
    factor: str
    levels: tuple[str, str]
    pairs: Pairs
    tests: int
    elsewhere: Steps


def altered_copy(table: Table) -> list[Finding]:
    """Look for an arm that differs from another by one constant, or by round numbers.

    Rows that differ in one setting are paired. Of honest pairs few have exactly the same
    difference, and one in 10 to the power of k has a difference that ends in k zeros. Coarse digits
    and small test sets make both more frequent. So the chance of the first is taken from how
    widely the differences lie, and that of the second from pairs that are not matched. Equal rows
    (a difference of zero) are left to the rules for ties, and budgets of time give only these.
    """
    found, applied = [], False
    measured = [c for c in map(str, table.unit) if c != "flops"]
    columns = [c for c in measured if np.isfinite(table.numbers(c)).any()]
    factors = table.varying() if len(table.frame) <= _MOST_ROWS else ()
    tests = len(columns) * len(factors)
    for column in columns:
        elsewhere = _all_steps(table, column) if factors else np.zeros(0, dtype=np.int64)
        for factor in factors:
            for levels, pairs in _pairs(table, column, factor).items():
                applied = True
                arms = _Arms(table, column, factor, levels, pairs, tests, elsewhere)
                finding = _constant(arms) or _round(arms)
                found += [finding] if finding else []
    if not applied and len(table.frame) > _MOST_ROWS:
        raise NotApplicableError(f"there are more than {_MOST_ROWS:,} rows")
    if not applied:
        raise NotApplicableError("no two rows with a result differ in only one setting")
    return found


def _pairs(table: Table, column: str, factor: str) -> dict[tuple[str, str], Pairs]:
    """Return each two levels of a factor with their matched pairs that have a result."""
    usable = np.isfinite(table.numbers(column)) & (table.units(column) > 0)
    levels = table.levels(factor)
    pairs: dict[tuple[str, str], Pairs] = {}
    for rows in table.matched(factor, usable):
        for i, j in combinations(sorted(rows, key=lambda row: levels[row]), 2):
            pairs.setdefault((levels[i], levels[j]), []).append((i, j))
    values = table.numbers(column)
    return {levels: _distinct(values, found) for levels, found in pairs.items()}


def _distinct(values: Floats, pairs: Pairs) -> Pairs:
    """Return pairs without those whose two values stood before: solvers and budgets repeat them."""
    by_values = {(values[i], values[j]): (i, j) for i, j in reversed(pairs)}
    return list(reversed(by_values.values()))


def _steps(differences: NDArray[np.float64], sizes: NDArray[np.float64]) -> Steps:
    """Return differences in whole steps of the given sizes: (pairs,)."""
    steps = np.rint(np.clip(differences / sizes, -1e15, 1e15))
    return np.asarray(steps, dtype=np.int64)


def _differences(table: Table, column: str, pairs: Pairs) -> tuple[Floats, Floats, Floats]:
    """Return each pair's difference, its coarser last digit, and its smallest possible step."""
    values, units, steps = table.numbers(column), table.units(column), table.resolution(column)
    a, b = np.array(pairs).T
    least = _FLOAT * np.maximum(np.abs(values[a]), np.abs(values[b]))
    return (
        values[b] - values[a],
        np.maximum.reduce([units[a], units[b], least]),
        np.maximum.reduce([steps[a], steps[b], least]),
    )


def _constant(arms: _Arms) -> Finding | None:
    """Find a difference that many pairs share."""
    table, column, pairs = arms.table, arms.column, arms.pairs
    differences, units, sizes = _differences(table, column, pairs)
    finest = float(units.min())
    steps = _steps(differences, np.full(len(pairs), finest))
    differing = np.flatnonzero(steps)
    if len(differing) < _FEWEST_EQUAL:
        return None
    constant, times = Counter(steps[differing].tolist()).most_common(1)[0]
    others = np.abs(steps - constant)[steps != constant] * finest
    are_many = len(others) >= _FEWEST_EQUAL
    windows = (np.median(others) if are_many else _usual(table, column, pairs)) / sizes[differing]
    share = float(np.mean(np.minimum(1.0, _PEAKED / (2 * windows + 1))))
    p = len(differing) * binomial_tail(times - 1, len(differing) - 1, share) * arms.tests
    same = [pair for pair, step in zip(pairs, steps, strict=True) if step == constant]
    first = int(np.flatnonzero(steps == constant)[0])
    zeros = _zeros(int(_steps(differences, units)[first]))
    p *= _usually_round(arms, zeros) if zeros >= _ROUND[0] else 1.0
    if times < _FEWEST_EQUAL or p >= _LEVEL:
        return None
    values = table.numbers(column)
    i, j = same[0]
    return _finding(
        arms,
        "plus a constant",
        f"{times} of {counted(len(pairs), 'pair')} differ by exactly "
        f"{values[j] - values[i]:+.10g}, as {values[i]:.10g} and {values[j]:.10g}: "
        f"{chance(p)} by chance",
        same,
    )


def _zeros(steps: int) -> int:
    """Return how many zeros a whole number ends in."""
    text = str(abs(steps))
    return len(text) - len(text.rstrip("0"))


def _usual(table: Table, column: str, pairs: list[tuple[int, int]]) -> float:
    """Return how much the differences of honest pairs usually vary by."""
    rows = np.array(pairs).ravel()
    values, step = table.numbers(column)[rows], float(np.max(table.resolution(column)[rows]))
    if column.endswith("_seconds"):
        return float(_TIME_SPREAD * np.min(values))
    errors = max(0.0, float(np.min(1 - values)) / step)
    return 0.67 * float(np.sqrt(_DISAGREEING * errors)) * step


def _round(arms: _Arms) -> Finding | None:
    """Find pairs whose differences end in zeros, far more often than those of other rows."""
    table, column, pairs = arms.table, arms.column, arms.pairs
    differences, units, _ = _differences(table, column, pairs)
    steps = _steps(differences, units)
    differing = np.flatnonzero(steps)
    for zeros in _ROUND:
        rounds = [int(i) for i in differing if steps[i] % 10**zeros == 0]
        if len(rounds) < _FEWEST_ROUND:
            return None
        share = _usually_round(arms, zeros)
        p = binomial_tail(len(rounds), len(differing), share) * arms.tests * len(_ROUND)
        if p < _LEVEL:
            same = [pairs[i] for i in rounds]
            values = table.numbers(column)
            a, b = same[0]
            return _finding(
                arms,
                "with digits altered",
                f"{len(rounds)} of {counted(len(pairs), 'pair')} differ by a number that ends in "
                f"{zeros} zeros, as {values[a]:.10g} and {values[b]:.10g}: {chance(p)} by chance",
                same,
            )
    return None


def _usually_round(arms: _Arms, zeros: int) -> float:
    """Return how often differences of honest pairs end in so many zeros, at most.

    It is one in 10 to the power of zeros for times, unless they end in zeros themselves. Of
    accuracies it depends on the test images, so it is taken from pairs that are not matched.
    """
    table, column, pairs = arms.table, arms.column, arms.pairs
    values, units = table.numbers(column), table.units(column)
    usable = np.flatnonzero(np.isfinite(values) & (units > 0))
    lattice = int(10**zeros)
    if column.endswith("_seconds"):
        own = _steps(values[usable], units[usable]) % lattice == 0
        return min(1.0, max(1 / lattice, _INDIFFERENT * float(own.mean())))
    matched = _steps(*_differences(table, column, pairs)[:2])
    matched = matched[matched != 0] if arms.factor != "dataset" else matched[:0]
    num = len(arms.elsewhere) - len(matched)
    rounds = float(np.sum(arms.elsewhere % lattice == 0) - np.sum(matched % lattice == 0))
    images = _round_by_size(table, column, pairs, lattice)
    return min(1.0, max(1 / lattice, images, _INDIFFERENT * (rounds + 1) / (num + 1)))


def _round_by_size(table: Table, column: str, pairs: Pairs, lattice: int) -> float:
    """Return the share of differences that are round because one image is: 1 % of 100 images."""
    a, b = np.array(pairs).T
    units = np.maximum(table.units(column)[a], table.units(column)[b])
    shares = np.full(len(pairs), lattice)
    for rows in (a, b):
        images = table.resolution(column)[rows] / units
        whole = np.rint(images).astype(np.int64)
        shares = np.gcd(shares, np.where(np.abs(whole - images) < _WHOLE, whole, 1))
    return float(np.mean(shares / lattice))


def _all_steps(table: Table, column: str) -> Steps:
    """Return the differences of all two rows of a data set, in last digits, without zeros."""
    values, units = table.numbers(column), table.units(column)
    found = []
    for _, mask in table.by_dataset():
        rows = np.flatnonzero(mask & np.isfinite(values) & (units > 0))
        i, j = (rows[ends] for ends in np.triu_indices(len(rows), 1))
        found.append(_steps(values[i] - values[j], np.maximum(units[i], units[j])))
    steps = np.concatenate(found)
    return np.asarray(steps[steps != 0], dtype=np.int64)


def _finding(arms: _Arms, how: str, evidence: str, pairs: Pairs) -> Finding:
    rows = sorted({row for pair in pairs for row in pair})
    first, second = arms.levels
    return Finding(
        severity="serious",
        says=f"{arms.column} of {arms.factor} {second} is that of {arms.factor} {first} {how}",
        evidence=f"{evidence}; {arms.table.listed(rows)}",
        settle="the logs of both rows of a pair",
        rows=tuple(rows),
    )
