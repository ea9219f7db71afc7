"""The answer of a comparison in one sentence, and the numbers in words that it is made of."""

from __future__ import annotations

import math

from analysis.compare.measure import spread
from analysis.compare.result import Comparison
from analysis.frames.cells import counted


def answer(found: Comparison) -> str:
    """Return the verdict in one sentence: better, worse or neither, by how much, on what."""
    verdict, name = found.verdict, found.measure.scale.words
    b, a = found.second.label, found.first.label
    if verdict.word == "equal":
        return f"{b} and {a} are equal: {equal_words(found)} in {name} ({evidence_words(found)})."
    if verdict.word == "not distinguishable":
        return f"{b} is not distinguishable from {a}: {difference_words(found)}."
    if verdict.word == "underpowered":
        return f"Too few to tell {b} from {a}: {difference_words(found)}; {verdict.reason}."
    if verdict.word == "not comparable":
        text = f"No verdict on {b} against {a}: {verdict.reason}."
        if not math.isfinite(verdict.difference):
            return text
        return f"{text} The rows as they are: {difference_words(found)}."
    runs = ", for these runs" if verdict.of_runs else ""
    return f"{b} is {verdict.word} than {a}{runs}: {difference_words(found)}."


def difference_words(found: Comparison) -> str:
    """Return the mean difference with its interval and its evidence."""
    verdict, measure = found.verdict, found.measure
    size = spread(measure.scale, verdict.difference, verdict.low, verdict.high)
    direction = f" ({measure.direction})" if measure.direction else ""
    return f"{measure.scale.words} {size}{direction}, {evidence_words(found)}"


def evidence_words(found: Comparison) -> str:
    """Return what the verdict rests on: ``over 32 trainings of 128 rows at one seed``."""
    verdict = found.verdict
    rows = counted(verdict.num_rows, "row")
    if not verdict.num_pairs:
        return f"over {rows}"
    over = "over " + (
        rows if verdict.num_pairs == verdict.num_rows
        else f"{counted(verdict.num_pairs, 'pair')} of trainings ({rows})"
    )  # fmt: skip
    if found.joined.seeds_differ:
        return f"{over}, means over different seeds"
    return f"{over} at {'one seed' if verdict.num_seeds < 2 else f'{verdict.num_seeds} seeds'}"


def equal_words(found: Comparison) -> str:
    """Return how many rows are equal: ``128 of 128 rows are equal digit for digit``."""
    verdict = found.verdict
    whole = f"{verdict.num_equal} of {counted(verdict.num_rows, 'row')}"
    is_one = 1 in (verdict.num_equal, verdict.num_rows)
    return f"{whole} {'is' if is_one else 'are'} equal digit for digit"
