"""The result of testing one claim, before and after adjustment for the family of tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from analysis.frames.labels import heading, label_in_text
from analysis.frames.measures import TEST_ACCURACY, Measure

Word = Literal[
    "supported",
    "contradicted",
    "supported for these runs",
    "contradicted for these runs",
    "not distinguishable",
    "underpowered",
    "not comparable",
]
VERDICTS: tuple[Word, ...] = get_args(Word)
_FOR_RUNS: dict[Word, Word] = {
    "supported": "supported for these runs",
    "contradicted": "contradicted for these runs",
}

POINTS = "points"
PLAIN = "plain"
RATIO = "ratio"
SHARE = "share"
EXPONENT = "exponent"


@dataclass(frozen=True)
class Outcome:
    """The result of one test on one set of rows.

    Attributes:
        word: the verdict; None if the p-value decides, after adjustment for its family.
        reason: what was compared and what was found, in one or two clauses.
        effect: in ``unit``; NaN if there is none.
        low, high: its interval.
        unit: ``points`` (a difference of shares), ``plain`` (a difference in the measure's own
            unit), ``ratio``, ``share`` or ``exponent``.
        unit_name: the measure's own unit; empty if it has none.
        p_value: of the hypothesis that decides; NaN if no hypothesis does.
        supports: whether a small p-value supports the claim; if not, it contradicts it.
        num_pairs: independent pairs (or rows, if rows are judged one by one).
        num_seeds: different seeds among them; 0 if unknown.
        wins, ties: pairs in the claimed direction, and pairs without a difference.
        of: what a ``share`` is a share of.
        bounds: ``interval`` if ``low`` and ``high`` are a confidence interval, ``range`` if they
            are the smallest and the largest value.
        of_runs: whether the verdict holds for the trained models at hand only, because one seed, or
            none that is known, cannot tell what another would have given.
        p_images: the p-value for other test images, too, where ``p_value`` is about those of the
            study; NaN if it is unknown, or if they make no difference.
        smallest_p: the smallest p-value that this number of pairs can give; 0 if not limited.
        power: the difference that the test could have found, added to the reason if the pairs are
            enough.
        depends: on which other setting the sign of the difference depends; empty if on none.
    """

    word: Word | None
    reason: str
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = POINTS
    unit_name: str = ""
    p_value: float = math.nan
    supports: bool = False
    num_pairs: int = 0
    num_seeds: int = 0
    wins: int = 0
    ties: int = 0
    of: str = ""
    bounds: Literal["interval", "range"] = "interval"
    of_runs: bool = False
    p_images: float = math.nan
    smallest_p: float = 0.0
    power: str = ""
    depends: str = ""

    def decided(self, p_adjusted: float, alpha: float, p_images: float = math.nan) -> Word:
        """Return the verdict at p-values adjusted for the family of claims.

        What other test images may refute is about these runs.
        """
        word: Word = self.word or "not distinguishable"
        if self.word is None and p_adjusted < alpha:  # false for NaN too
            word = "supported" if self.supports else "contradicted"
        return _FOR_RUNS.get(word, word) if self.of_runs or p_images >= alpha else word


def printed(value: object) -> str:
    """Return the printed name of a setting's value."""
    return label_in_text(value)


def named(column: str) -> str:
    """Return the printed name of a setting or a metric, without its unit."""
    words = heading(column).partition(" (")[0]
    return f"{words} time" if column.endswith("_seconds") else words


def printed_all(values: object) -> str:
    """Return the printed names of the values that a condition allows: ``MNIST or FashionMNIST``."""
    return " or ".join(map(printed, values if isinstance(values, (tuple, list)) else (values,)))


def not_comparable(reason: str) -> Outcome:
    """Return the outcome of rows that cannot decide the claim."""
    return Outcome("not comparable", reason)


def above_all(name: str, value: float, scale: Measure) -> str:
    """Say that a margin or a threshold of shares is 100 % or more; empty if it is not."""
    if not (scale.in_percent and abs(value) >= 1):
        return ""
    return f"{name}={value:g} stands for {100 * value:g} %; write {value / 100:g} for {value:g} %"


def size(value: float, scale: Measure = TEST_ACCURACY) -> str:
    """Return the size of a margin in its unit, without a sign: ``0.5 points``, ``0.35``."""
    if not scale.in_percent:
        return f"{abs(value):.3g} {scale.unit}".rstrip()
    text = f"{100 * abs(value):.3g}"
    return f"{text} point" if text == "1" else f"{text} points"


def mean_text(mean: float, *, log: bool, scale: Measure = TEST_ACCURACY) -> str:
    """Return a mean difference in its unit, or as a ratio if it is one of logarithms."""
    return ratio_text(math.exp(mean)) if log else scale.in_words(mean)


def ratio_text(ratio: float) -> str:
    """Return a ratio with three digits; near 1 with three decimals."""
    return f"{ratio:.3f}×" if 0.5 < ratio < 2 else f"{ratio:.3g}×"


def joined(*parts: str) -> str:
    """Join the parts that are not empty into one sentence."""
    return "; ".join(part for part in parts if part)
