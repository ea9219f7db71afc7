"""Rules on factors: placebos that change results, and winners that depend on another factor."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance
from analysis.checks.audit.table import PLACEBOS, Table

_FEWEST_PAIRS = 6
_MOVED = 1e-4
_FLIPPED = 0.02
_UNORDERED = ("model", "optimizer", "kernel")


def placebo(table: Table) -> list[Finding]:
    """Check that settings without an effect on arithmetic do not change accuracy.

    The differences of such pairs show the noise of one run. A note reports it.
    """
    found = []
    for factor in (p for p in PLACEBOS if p in table.varying()):
        levels = sorted({*table.levels(factor)})
        if len(levels) == 2:
            found += _placebo(table, factor, levels)
    if not found:
        raise NotApplicableError(f"it needs {_FEWEST_PAIRS} pairs that differ only in pin_memory")
    return found


def _placebo(table: Table, factor: str, levels: list[str]) -> list[Finding]:
    values, seconds = table.numbers("test_accuracy"), table.numbers("train_seconds")
    pairs = [
        pair
        for pair in table.pairs(factor, levels[0], levels[1])
        if np.isfinite(values[list(pair)]).all()
    ]
    differences = np.array([values[b] - values[a] for a, b in pairs])
    if len(pairs) < _FEWEST_PAIRS or not differences.any():
        return []
    from scipy.stats import ttest_1samp

    test = ttest_1samp(differences, 0.0)
    moved = float(test.pvalue) < _MOVED
    ratio = float(np.median([seconds[b] / seconds[a] for a, b in pairs]))
    timed = f", time ratio {ratio:.3f} in the median" if np.isfinite(ratio) else ""
    noise = "; ".join(_noise(table, pairs, differences))
    return [
        Finding(
            severity="warning" if moved else "note",
            says=f"{factor} cannot change accuracy, "
            + ("but does here" if moved else "and does not: its pairs show the noise of one run"),
            evidence=(
                f"{len(pairs)} pairs differ by {100 * differences.mean():+.2f} points in the mean, "
                f"t = {float(test.statistic):.1f}{timed}; one run's standard deviation: {noise}"
            ),
            settle="whether both arms ran in one session, and runs with other seeds",
        )
    ]


def _noise(
    table: Table, pairs: list[tuple[int, int]], differences: NDArray[np.float64]
) -> list[str]:
    """Return one run's standard deviation by data set and epochs; the median is robust."""
    by = [name for name in ("dataset", "epochs") if name in table.frame]
    keys = table.keys(by)
    names = dict.fromkeys(keys[a] for a, _ in pairs)
    noise = []
    for name in names:
        mine = np.array([keys[a] == name for a, _ in pairs])
        typical = np.median(np.abs(differences[mine])) / 0.6745 / np.sqrt(2)
        rms = np.sqrt(np.mean(differences[mine] ** 2) / 2)
        where = ", ".join(f"{b} {v}" for b, v in zip(by, name, strict=True)) or "all rows"
        noise.append(f"{where}: {100 * typical:.2f} points by the median, {100 * rms:.2f} by rms")
    return noise


def flipped_winner(table: Table) -> list[Finding]:
    """Look for a factor whose better level depends on the level of another factor.

    Both directions must be significant in a sign test. The finding is a warning if the text names
    one winner, else a note.
    """
    named = {str(s.arguments["factor"]) for s in table.statements if s.kind == "wins"}
    named |= {key for s in table.statements if s.kind == "best" for key in s.arguments["has"]}
    varying, findings, applied = table.varying(), [], False
    for factor in (f for f in varying if f in _UNORDERED):
        levels = sorted({*table.levels(factor)})
        if len(levels) != 2:
            continue
        pairs = table.pairs(factor, levels[0], levels[1])
        for other in (o for o in varying if o not in (factor, *PLACEBOS, "seed")):
            wins = _wins_by_level(table, pairs, other)
            applied = applied or len(wins) > 1
            findings += _flip(factor, levels, other, wins=wins, named=factor in named)
    if not applied:
        raise NotApplicableError("it needs a model, optimizer or kernel with two levels in a grid")
    return findings


def _wins_by_level(
    table: Table, pairs: list[tuple[int, int]], other: str
) -> dict[str, tuple[int, int]]:
    """Return level of ``other`` -> pairs won by their first and by their second row."""
    values, levels = table.numbers("test_accuracy"), table.levels(other)
    first = Counter(levels[a] for a, b in pairs if values[a] > values[b])
    second = Counter(levels[a] for a, b in pairs if values[a] < values[b])
    return {level: (first[level], second[level]) for level in dict.fromkeys(levels)}


def _flip(
    factor: str,
    levels: list[str],
    other: str,
    *,
    wins: dict[str, tuple[int, int]],
    named: bool,
) -> list[Finding]:
    from scipy.stats import binomtest

    sure: dict[int, tuple[str, float]] = {}
    for level, (first, second) in wins.items():
        if first + second < _FEWEST_PAIRS:
            continue
        p = float(binomtest(first, first + second).pvalue)
        if p < _FLIPPED:
            sure[int(second > first)] = (level, p)
    if len(sure) < 2:
        return []
    parts = [
        f"at {other} {level} {levels[winner]} wins {wins[level][winner]} of "
        f"{sum(wins[level])} pairs ({chance(p)} by chance)"
        for winner, (level, p) in sorted(sure.items())
    ]
    return [
        Finding(
            severity="warning" if named else "note",
            says=f"which {factor} is better depends on {other}"
            + (", but the text names one winner" if named else ""),
            evidence="; ".join(parts),
            settle=f"a separate comparison for each {other}",
        )
    ]
