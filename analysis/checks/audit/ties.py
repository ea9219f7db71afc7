"""Identical results of different runs, and how likely they are by chance.

Two runs that differ in one setting differ by dozens of correct images. Near zero the differences of
honest pairs are spread evenly over the possible counts. Of K pairs that differ by at most h images,
about K / (2h + 1) are therefore equal, as in the birthday problem with 2h + 1 days.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance, percent
from analysis.checks.audit.methods import are_deterministic
from analysis.checks.audit.table import PLACEBOS, SETTINGS, Table

Floats = NDArray[np.float64]
_LEVEL = 5e-4
_PEAKED = 1.5
"""How much more frequent zero differences may be than others: some pairs are more similar."""
_PEAKED_GAPS = 3.0
"""The same for the gaps between three sorted rows or more, which are mostly short."""
_NOT_PAIRED = (*PLACEBOS, "mixed_precision", "max_iter")
_PAIRED_IF_DETERMINISTIC = ("model", "kernel", "degree", "num_train_images")
"""Only these must change what a deterministic method learns: beyond some C a separable problem has
the same support vectors, beyond some depth a tree is complete, and a seed may not be used."""
_MUST_MATTER = frozenset(SETTINGS) - {"epochs", "image_size", "in_channels"}
"""Runs that differ in another setting may honestly be equal: the best epoch of 10 may be that of
20, and a setting that is unknown here may do nothing. Such ties are a note."""
_OF_TRAINING = {"optimizer", "lr", "epochs", "seed", "weight_decay", "momentum"}
"""A table with one of these is of trained models, so that devices cannot have equal results. In
others a batch is one of evaluation, which changes no result."""
_DISAGREEING = 0.5
"""Two runs disagree at least on this many images per error of the better one."""
_COLLAPSED = 0.25
"""Runs that predict one class for all images may be equal: they have at most this accuracy."""
_FAR = 3.0
"""Where classes are uneven: with so many times the errors of the best row, nothing was learned."""


def tied_accuracies(table: Table) -> list[Finding]:
    """Look for equal accuracies of rows that differ in one setting, more than chance explains.

    Honest ties are left out or only noted: of placebos, of deterministic methods, of runs that
    predict one class, of settings that may not matter, of momentum with optimizers that have none,
    and of devices and batches if nothing was trained (the same weights give the same accuracy).
    """
    tests = []
    for dataset, within in table.by_dataset():
        for factor in _paired_factors(table):
            pairs = _pairs(table, factor, within)
            if pairs:
                tests.append((dataset, factor, pairs, *_differences(table, pairs)))
    if not tests:
        raise NotApplicableError("no two rows with a test accuracy differ in only one setting")
    findings = []
    for dataset, factor, pairs, steps, scales in tests:
        ties = int((steps == 0).sum())
        are_gaps = len({row for pair in pairs for row in pair}) < 2 * len(pairs)
        peaked = _PEAKED_GAPS if are_gaps else _PEAKED
        probability = min(1.0, tie_probability(steps, scales, peaked) * len(tests))
        if ties >= 2 and probability < _LEVEL:
            findings.append(
                _finding(table, dataset, factor, pairs=pairs, steps=steps, probability=probability)
            )
    return findings


def _paired_factors(table: Table) -> list[str]:
    left_out = ["dataset", *_NOT_PAIRED]
    left_out += [] if "train_seconds" in table.frame and _is_of_training(table) else ["device"]
    factors = [s for s in table.varying() if s not in left_out]
    if are_deterministic(table).any():
        return [s for s in factors if s in _PAIRED_IF_DETERMINISTIC]
    return factors


def _is_of_training(table: Table) -> bool:
    """Return whether settings or headings say that models were trained, and not only evaluated."""
    headings = (str(heading).lower() for heading in table.printed)
    return bool({*table.settings} & _OF_TRAINING) or any("train" in name for name in headings)


def _severity(table: Table, factor: str) -> str:
    may_be_equal = factor == "batch_size" and not _is_of_training(table)
    if factor not in _MUST_MATTER or may_be_equal:
        return "note"
    return "warning" if factor == "device" else "serious"


def _pairs(table: Table, factor: str, within: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the pairs of rows along a factor.

    In a group of more than two rows, every row is paired with the next better one.
    """
    values, sizes = table.numbers("test_accuracy"), table.resolution("test_accuracy")
    usable = within & np.isfinite(values + sizes) & (values > _COLLAPSED)
    usable &= ~_collapsed(values, usable)
    pairs = []
    if factor == "momentum" and "optimizer" in table.frame:
        usable &= np.array(["sgd" in name for name in table.levels("optimizer")], dtype=bool)
    for rows in table.matched(factor, usable):
        ordered = sorted(rows, key=lambda row: values[row])
        pairs += list(pairwise(ordered))
    # A method that no longer changes gives the same two values again and again: they count once.
    return list({(values[a], values[b]): (a, b) for a, b in pairs}.values())


def _collapsed(values: Floats, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rows that answer with the largest class: the worst ones, far below the best."""
    if not usable.any():
        return usable
    worst, best = values[usable].min(), values[usable].max()
    is_far = bool(1 - worst >= _FAR * (1 - best))
    found: NDArray[np.bool_] = usable & (values == worst) & is_far
    return found


def _differences(table: Table, pairs: list[tuple[int, int]]) -> tuple[NDArray[np.int64], Floats]:
    """Return by how many distinguishable steps pairs differ, and what that is proportional to.

    Both are counted in the pair's own steps, (pairs,). Differences are about proportional to
    accuracy times error rate.
    """
    a, b = np.array(pairs).T
    values, sizes = table.numbers("test_accuracy"), table.resolution("test_accuracy")
    step = np.maximum(sizes[a], sizes[b])
    variances = values * (1 - values)
    steps = np.rint(np.abs(values[a] - values[b]) / step).astype(np.int64)
    return steps, np.minimum(variances[a], variances[b]) / step


def tie_probability(
    steps: NDArray[np.int64], scales: Floats | float = 1.0, peaked: float = _PEAKED
) -> float:
    """Return the probability of so many zeros among honest differences, given the others.

    Each pair is judged by its own scale: one image of a small test set is a large step, and two
    good models differ by few images. If all differences are zero they tell nothing about their
    usual size. Two runs are then assumed to disagree on D images, ``_DISAGREEING`` times the scale.
    The probability that each run is right on half of them is sqrt(2 / (π D)).

    Args:
        steps: (pairs,), absolute differences in distinguishable steps.
        scales: (pairs,), what differences are proportional to, in the same steps.
        peaked: how much more frequent zero is than other differences.
    """
    usual = np.maximum(np.broadcast_to(scales, steps.shape), 1.0)
    tied = steps == 0
    if not tied.any():
        return 1.0
    if tied.all():
        return float(np.prod(np.minimum(1.0, np.sqrt(2 / (np.pi * _DISAGREEING * usual)))))
    window = float(np.median((steps / usual)[~tied]))
    near = steps / usual <= window
    share = float(np.mean(np.minimum(1.0, peaked / (2 * window * usual[near] + 1))))
    return binomial_tail(int(tied.sum()), int(near.sum()), share)


def binomial_tail(at_least: int, trials: int, probability: float) -> float:
    """Return the probability of at least so many successes."""
    from scipy.special import bdtrc

    return float(bdtrc(at_least - 1, trials, probability)) if at_least > 0 else 1.0


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
    num = table.num_test[tied[0][0]]
    images = f" on {int(num):,} images" if np.isfinite(num) else ""
    of = f" of {dataset}" if "dataset" in table.frame else ""
    return Finding(
        severity=_severity(table, factor),
        says=f"rows{of} that differ in {factor} have identical accuracies",
        evidence=(
            f"{len(tied)} of {len(pairs)} pairs are equal to the last digit{images} ("
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
    return f", the others differ by {int(np.median(differing))} steps in the median"
