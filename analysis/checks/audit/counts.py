"""Check that every accuracy is a whole number of test images divided by their total.

The check is the GRIM test (Brown & Heathers 2017, "The GRIM test", Social Psychological and
Personality Science 8(4)): with *n* images only *n* + 1 accuracies are possible, and a printed one
must be one of them after rounding. Accepted too are digits that were cut off instead of rounded,
numbers that were rounded twice (0.98546 to 0.9855 to 0.986), and numbers that were stored in single
precision (13,800 of 14,000 is then printed as 0.9857142567634583).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance, percent
from analysis.checks.audit.sizes import (
    BY_LUCK,
    MOST_IMAGES,
    fitting_sizes,
    is_count,
    passing,
    smallest_size,
)
from analysis.checks.audit.table import Table
from tune_app.study.measures import is_share

_TELLING = 0.5
"""A size is tested only if fewer than this share of all printable values would fit it."""
_SHORTEST = 1e-5
"""No training takes less time than so many seconds."""
_MOST_RUNS = 10
"""Means of up to so many runs may explain accuracies that are no whole counts."""
_MOST_PARTS = 20
_AS_MEANS = 1e-4
"""They do not if the accuracies of means would look like these with less than this probability."""


def whole_counts(table: Table) -> list[Finding]:
    """Check that every accuracy is a whole count of the stated number of test images.

    Means of several runs are whole counts of runs times images. Where nobody stated the number of
    runs and means of up to ten runs explain all accuracies, the finding is a note, unless the
    accuracies are counts of another size, which those of means would hardly all be. It is a note
    too if the size that was found is a multiple of the stated one: the means of five runs on 12,000
    of 60,000 images, or those over five folds, are whole counts of all 60,000.
    """
    values, units = table.numbers("test_accuracy"), table.units("test_accuracy")
    if not np.isfinite(values).any():
        raise NotApplicableError("no test accuracies")
    if not np.isfinite(table.num_test).any():
        raise NotApplicableError("the number of test images is unknown; give it with --num-test")
    if table.runs is None:
        raise NotApplicableError("rows are means of an unknown number of runs; add --runs")
    num = table.num_test * table.runs
    testable = np.isfinite(values) & np.isfinite(num) & (passing(units, num) < _TELLING)
    if not testable.any():
        raise NotApplicableError("with so few printed digits every value is a whole count")
    wrong = testable & ~is_count(values, units, num)
    return [
        _finding(table, int(size), np.flatnonzero(wrong & (num == size)), testable & (num == size))
        for size in np.unique(num[wrong])
    ]


def _finding(
    table: Table, size: int, wrong: NDArray[np.int64], tested: NDArray[np.bool_]
) -> Finding:
    rows = np.flatnonzero(tested)
    values, units = table.numbers("test_accuracy")[rows], table.units("test_accuracy")[rows]
    runs = table.runs or 1
    first = table.numbers("test_accuracy")[wrong[0]]
    evidence = (
        f"{len(wrong)} of {len(rows)} testable accuracies are not whole counts of {size:,}: row "
        f"{table.named(int(wrong[0]))} has {percent(first, 6)}, where the nearest count gives "
        f"{percent(round(first * size) / size, 6)}"
    )
    total = table.protocol.num_images
    all_images = total is not None and size < total and _fits(values, units, total)
    counted_on, other = _other_size(values, units)
    if all_images and total is not None:
        by_luck = float(np.prod(passing(units, total)))
        counted_on, other = (
            total,
            f"all are whole counts of {total:,} ({chance(by_luck)} by chance)",
        )
    num_means = 0 if table.is_runs_stated else _num_means(values, units, size, counted_on)
    says = f"accuracies are not whole counts of the stated {size // runs:,} test images"
    says += f", not even as means of {runs} runs" if runs > 1 else ""
    if num_means:
        on = f"counted on all {total:,} images that were split" if all_images else "of other images"
        says += f": rows are means of {num_means} or more runs, or {on}"
    elif all_images:
        says += f", but of all {total:,} images that were split: training images are among them"
    return Finding(
        severity="note" if num_means else "error",
        says=says,
        evidence=f"{evidence}; {other}; {table.listed(wrong.tolist())}",
        settle="the confusion matrix or the predictions of one of these rows; --runs if rows are "
        "means of several runs",
        rows=tuple(wrong.tolist()),
    )


def _num_means(
    values: NDArray[np.float64], units: NDArray[np.float64], size: int, counted_on: int
) -> int:
    """Return how few runs rows can be means of, to be no whole counts of a size; 0 if they cannot.

    Args:
        values, units: the accuracies.
        size: the number of test images.
        counted_on: the size that was found; 0 if none was.
    """
    if counted_on and counted_on % size == 0:
        return counted_on // size
    fitting = (
        n for n in range(2, _MOST_RUNS + 1) if is_count(values, units, float(n * size)).all()
    )
    fewest = next(fitting, 0)
    return 0 if fewest and _are_of_another_size(values, units, size) else fewest


def _are_of_another_size(
    values: NDArray[np.float64], units: NDArray[np.float64], size: int
) -> bool:
    """Return whether accuracies are counts of a size that those of means would hardly all be.

    A mean of n runs is a count of n times the size. One in q of these is a count of p/q times that,
    and nearly so of sizes close to it: accuracies near 100 % are counts of 1,800 and of 1,801. Any
    is a count of another size if the digits are too few to tell. The probability of both is summed
    over all sizes up to the one that fits.
    """
    values, first = np.unique(values, return_index=True)
    units = units[first]
    sizes = fitting_sizes(values, units, most=size * _MOST_RUNS)
    others = sizes[sizes % size > 0]
    if not len(others):
        return False
    tried = np.arange(2, others[0] + 1, dtype=np.float64)
    tried = tried[tried % size > 0]
    near = 2 * float(units.max()) / max(min(float(values.max()), 1 - float(values.min())), 1e-9)
    shared = np.full(len(tried), 1 / (_MOST_PARTS + 1))
    for parts in range(_MOST_PARTS, 0, -1):
        for total in size * np.arange(2, _MOST_RUNS + 1):
            closest = np.rint(tried * parts / total) * total / parts
            shared[np.abs(tried - closest) <= near * tried] = 1 / parts
    logs = [np.log(np.minimum(1.0, shared + passing(unit, tried))) for unit in units]
    return float(np.exp(np.sum(logs, axis=0)).sum()) < _AS_MEANS


def _fits(values: NDArray[np.float64], units: NDArray[np.float64], size: int) -> bool:
    """Return whether all values are counts of a size, and would hardly be so by luck."""
    by_luck = float(np.prod(passing(units, size)))
    return by_luck < BY_LUCK and bool(is_count(values, units, float(size)).all())


def _other_size(values: NDArray[np.float64], units: NDArray[np.float64]) -> tuple[int, str]:
    """Return and name the smallest size that fits all values; 0 if sizes up to it fit by luck."""
    size, by_luck = smallest_size(values, units)
    if not size:
        return 0, f"no number of images up to {MOST_IMAGES:,} fits all"
    if by_luck >= BY_LUCK:
        return 0, "the printed digits are too few to tell which size was used"
    return size, f"all are whole counts of {size:,} ({chance(by_luck)} by chance)"


def in_range(table: Table) -> list[Finding]:
    """Check that fractions lie between 0 and 1, and that times are positive."""
    findings = []
    for column in map(str, table.unit.columns):
        values = table.numbers(column)
        timed = column.endswith("_seconds")
        if not timed and not is_share(column):
            continue
        bad = (values < 0) | (values > 1)
        if timed:  # 0.00 s may be any time below 0.005 s, and a clock may tick 64 times a second
            bad = (values < 0) | ((values == 0) & (table.resolution(column) <= _SHORTEST))
        if not bad.any():
            continue
        rows = np.flatnonzero(bad).tolist()
        findings.append(
            Finding(
                severity="error",
                says=f"{column} {'is not positive' if timed else 'is outside 0 to 100 %'}",
                evidence=f"{table.listed(rows)}: {values[rows[0]]:g} in row {table.named(rows[0])}",
                settle="the log of the run",
                rows=tuple(rows),
            )
        )
    return findings
