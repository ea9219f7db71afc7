"""Identical results of different runs, and how likely they are by chance.

Two runs that differ in one setting differ by dozens of correct images. Near zero the differences of
honest pairs are spread evenly over the possible counts. Of K pairs that differ by at most h images,
about K / (2h + 1) are therefore equal, as in the birthday problem with 2h + 1 days. Times with five
digits or more are compared in the same way, in units of their last digit.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance, percent
from analysis.checks.audit.table import PLACEBOS, Table
from analysis.frames.cells import counted

_LEVEL = 5e-4
_PEAKED = 1.5
"""How much more frequent zero differences may be than others: some pairs are more similar."""
_NOT_PAIRED = (*PLACEBOS, "device", "mixed_precision", "max_iter")
_NOT_PAIRED_FOR_SVM = ("C", "gamma", "seed")
"""Beyond some C a separable problem has the same support vectors, and it has no seed."""
_DISAGREEING = 0.5
"""Two runs disagree at least on this many images per error of the better one."""
_COLLAPSED = 0.25
"""Runs that predict one class for all images may be equal: they have at most this accuracy."""
_TIME_DIGITS = 1e-4
_TIME_LEVEL = 1e-3
_TIME_WINDOW = 1000
_TIME_SPREAD = 0.005
"""Times of the same work vary by more than this share, so within it they lie evenly."""
_SAME_DIGIT = 0.5
_MOST_ROWS = 2000


def tied_accuracies(table: Table) -> list[Finding]:
    """Look for equal accuracies of rows that differ in one setting, more than chance explains."""
    if not np.isfinite(table.num_test).any():
        raise NotApplicableError("the number of test images is unknown; give it with --num-test")
    tests = []
    for dataset, within in table.by_dataset():
        for factor in _paired_factors(table):
            differences = _differences(table, factor, within)
            if len(differences[1]):
                tests.append((dataset, factor, *differences))
    if not tests:
        raise NotApplicableError("no two rows differ in only one setting")
    findings = []
    for dataset, factor, pairs, steps in tests:
        ties = int((steps == 0).sum())
        errors = _errors(table, [row for pair in pairs for row in pair])
        probability = min(1.0, tie_probability(steps, errors) * len(tests))
        if ties >= 2 and probability < _LEVEL:
            findings.append(
                _finding(table, dataset, factor, pairs=pairs, steps=steps, probability=probability)
            )
    return findings


def _paired_factors(table: Table) -> list[str]:
    left_out = _NOT_PAIRED + (_NOT_PAIRED_FOR_SVM if table.is_svm().any() else ())
    return [s for s in table.varying() if s not in (*left_out, "dataset")]


def _differences(
    table: Table, factor: str, within: NDArray[np.bool_]
) -> tuple[list[tuple[int, int]], NDArray[np.int64]]:
    """Return the pairs along a factor and how many distinguishable steps each pair differs by.

    In a group of more than two rows, every row is paired with the next better one.
    """
    values, units = table.numbers("test_accuracy"), table.units("test_accuracy")
    usable = within & np.isfinite(values) & np.isfinite(table.num_test) & (values > _COLLAPSED)
    pairs = []
    for rows in table.matched(factor, usable):
        ordered = sorted(rows, key=lambda row: values[row])
        pairs += list(pairwise(ordered))
    steps = [
        abs(values[a] - values[b]) / max(1 / (table.num_test[a] * table.runs), units[a], units[b])
        for a, b in pairs
    ]
    return pairs, np.rint(steps).astype(np.int64)


def _errors(table: Table, rows: list[int]) -> float:
    """Return the fewest wrong images of any row, in distinguishable steps."""
    values, units = table.numbers("test_accuracy")[rows], table.units("test_accuracy")[rows]
    return float(np.min((1 - values) / np.maximum(1 / table.num_test[rows], units)))


def tie_probability(steps: NDArray[np.int64], errors: float = 0.0) -> float:
    """Return the probability of so many zeros among honest differences, given the others.

    If all differences are zero they give no scale. Two runs are then assumed to disagree on D
    images, ``_DISAGREEING`` times as many as one run gets wrong. The probability that each run is
    right on half of them is sqrt(2 / (π D)).

    Args:
        steps: (pairs,), absolute differences in distinguishable steps.
        errors: wrong images of a typical row, in the same steps.
    """
    others = steps[steps > 0]
    ties = len(steps) - len(others)
    if not ties:
        return 1.0
    if not len(others):
        disagreed = _DISAGREEING * errors
        return float(min(1.0, np.sqrt(2 / (np.pi * disagreed))) ** ties) if disagreed > 1 else 1.0
    window = float(np.median(others))
    near = int((others <= window).sum())
    return _binomial_tail(ties, ties + near, min(1.0, _PEAKED / (2 * window + 1)))


def _binomial_tail(at_least: int, trials: int, probability: float) -> float:
    from scipy.stats import binom

    return float(binom.sf(at_least - 1, trials, probability))


def _finding(
    table: Table,
    dataset: str,
    factor: str,
    *,
    pairs: list[tuple[int, int]],
    steps: NDArray[np.int64],
    probability: float,
) -> Finding:
    tied = [pair for pair, step in zip(pairs, steps, strict=True) if step == 0]
    values = table.numbers("test_accuracy")
    num = int(table.num_test[tied[0][0]])
    return Finding(
        rule="tied_accuracies",
        severity="serious",
        table=table.name,
        says=f"rows of {dataset} that differ in {factor} have identical accuracies",
        evidence=(
            f"{len(tied)} of {len(pairs)} pairs are equal to the last digit on {num:,} images ("
            + ", ".join(percent(values[a], 4) for a, _ in tied[:4])
            + f"){_others(steps)}: {chance(probability)} by chance"
        ),
        settle="the saved predictions of both rows of a pair; a copied cell has only one run",
        rows=tuple(sorted({row for pair in tied for row in pair})),
    )


def _others(steps: NDArray[np.int64]) -> str:
    differing = steps[steps > 0]
    if not len(differing):
        return ""
    return f", the others differ by {int(np.median(differing))} images in the median"


def tied_times(table: Table) -> list[Finding]:
    """Look for rows that took exactly the same time, to five digits or more.

    Of K pairs that are at most w units apart, K / (2w + 1) are expected to be equal. w is the
    smaller of ``_TIME_WINDOW`` and ``_TIME_SPREAD`` times the time.
    """
    if "train_seconds" not in table.unit:
        raise NotApplicableError("no column train_seconds")
    values, units = table.numbers("train_seconds"), table.units("train_seconds")
    usable = np.isfinite(values) & (units > 0) & (units <= _TIME_DIGITS * values)
    if not 2 <= usable.sum() <= _MOST_ROWS:
        raise NotApplicableError(
            "there are fewer than two times with five digits or more, or too many rows"
        )
    rows = np.flatnonzero(usable)
    first, second = np.triu_indices(len(rows), 1)
    coarser = np.maximum(units[rows][first], units[rows][second])
    steps = np.abs(values[rows][first] - values[rows][second]) / coarser
    ties = steps < _SAME_DIGIT
    window = np.minimum(_TIME_WINDOW, _TIME_SPREAD * values[rows][first] / coarser)
    near = steps <= window
    share = float(np.mean(_PEAKED / (2 * window[near] + 1))) if near.any() else 1.0
    probability = _binomial_tail(int(ties.sum()), int(near.sum()), share)
    if not ties.any() or probability >= _TIME_LEVEL:
        return []
    tied = sorted({int(row) for ends in (first, second) for row in rows[ends[ties]]})
    return [
        Finding(
            rule="tied_times",
            severity="serious",
            table=table.name,
            says="different runs took exactly the same time",
            evidence=(
                f"{counted(int(ties.sum()), 'equal pair')}, as {values[tied[0]]:.10g} s: "
                f"{chance(probability)} by chance; {table.listed(tied)}"
            ),
            settle="the logs of both runs",
            rows=tuple(tied),
        )
    ]
