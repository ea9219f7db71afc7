"""Two things measured in turns, so that whatever slows the machine slows both, and their ratio."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """One line of the table.

    Attributes:
        benchmark: name of the benchmark.
        case: what was measured.
        unit: of ``ours`` and ``baseline``.
        ours: median over the rounds.
        baseline: median over the rounds; None where there is nothing to compare with.
        ratio: median of the rounds' ratios, above 1 where ours is better; without a baseline the
            quantity that the target is about.
        low: the smallest ratio of a round.
        high: the largest.
        target: what ``ratio`` has to reach, or with ``at_most`` not to exceed.
        at_most: whether a smaller ratio is better.
        note: what the reader has to know.
    """

    benchmark: str
    case: str
    unit: str
    ours: float
    baseline: float | None
    ratio: float
    low: float
    high: float
    target: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def interleave(
    ours: Callable[[], float], baseline: Callable[[], float], num_rounds: int
) -> tuple[list[float], list[float]]:
    """Measure both in every round, the order changing from round to round."""
    pairs: list[tuple[float, float]] = []
    for number in range(num_rounds):
        if number % 2:
            theirs = baseline()
            pairs.append((ours(), theirs))
        else:
            mine = ours()
            pairs.append((mine, baseline()))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def compare(
    benchmark: str,
    case: str,
    unit: str,
    ours: Sequence[float],
    baseline: Sequence[float],
    *,
    more_is_better: bool = True,
    target: float | None = None,
    note: str = "",
) -> Measurement:
    """Return the table's line for the rounds of an interleaved measurement."""
    pairs = zip(ours, baseline, strict=True)
    ratios = [a / b if more_is_better else b / a for a, b in pairs]
    return Measurement(
        benchmark,
        case,
        unit,
        statistics.median(ours),
        statistics.median(baseline),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        target,
        note=note,
    )


def single(
    benchmark: str,
    case: str,
    unit: str,
    values: Sequence[float],
    *,
    target: float | None = None,
    note: str = "",
) -> Measurement:
    """Return the line of a quantity that must not exceed its target."""
    middle = statistics.median(values)
    spread = min(values), max(values)
    return Measurement(
        benchmark, case, unit, middle, None, middle, *spread, target, at_most=True, note=note
    )
