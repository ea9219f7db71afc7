"""Check that every accuracy is a whole number of test images divided by their total.

The check is the GRIM test (Brown & Heathers 2017, "The GRIM test", Social Psychological and
Personality Science 8(4)): with *n* images only *n* + 1 accuracies are possible, and a printed one
must be one of them after rounding. Digits that were cut off instead of rounded are accepted too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.finding import Finding, NotApplicableError, chance, percent
from analysis.checks.audit.table import Table
from tune_app.study.measures import is_share

_MOST_IMAGES = 200_000
_EXACT = 1e-6
"""Numbers with digits finer than this share of an image count as not rounded."""
_TELLING = 0.5
"""A cell is tested only if fewer than this share of all printable values would pass."""


def is_count(
    values: NDArray[np.float64], units: NDArray[np.float64], num: NDArray[np.float64] | float
) -> NDArray[np.bool_]:
    """Return which printed fractions can be k / num for a whole k, rounded or cut off: (N,).

    Args:
        values: (N,) or broadcastable; fractions as printed.
        units: their last printed digits; 0 for numbers that were not rounded.
        num: images.
    """
    rounded = units * num > _EXACT
    lowest = np.ceil(np.where(rounded, (values - units / 2) * num - 1e-9, values * num - _EXACT))
    cut_below = np.ceil((values + units) * num - 1e-9) - 1
    highest = np.where(rounded, cut_below, np.floor(values * num + _EXACT))
    return np.asarray(lowest <= highest)


def fitting_sizes(
    values: NDArray[np.float64], units: NDArray[np.float64], most: int = _MOST_IMAGES
) -> NDArray[np.int64]:
    """Return every number of images up to ``most`` for which all values are whole counts."""
    sizes = np.arange(2, most + 1, dtype=np.float64)
    # The most precise value leaves the fewest sizes for the others.
    for i in np.argsort(units):
        sizes = sizes[is_count(values[i], units[i], sizes)]
    return sizes.astype(np.int64)


def whole_counts(table: Table) -> list[Finding]:
    """Check that every accuracy is a whole count of the stated number of test images."""
    values = table.numbers("test_accuracy")
    units, num = table.units("test_accuracy"), table.num_test * table.runs
    if not np.isfinite(values).any():
        raise NotApplicableError("no test accuracies")
    if not np.isfinite(num).any():
        raise NotApplicableError("the number of test images is unknown; give it with --num-test")
    # The accepted window is 1.5 units wide: half below for rounding, one above for cut digits.
    passing = np.minimum(1.0, 1.5 * units * num)
    testable = np.isfinite(values) & np.isfinite(num) & (passing < _TELLING)
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
    values, units = table.numbers("test_accuracy"), table.units("test_accuracy")
    rows = np.flatnonzero(tested)
    sizes = fitting_sizes(values[rows], units[rows])
    total = table.protocol.num_images
    first = int(wrong[0])
    nearest = round(values[first] * size)
    evidence = (
        f"{len(wrong)} of {len(rows)} testable accuracies are not whole counts of {size:,}: row "
        f"{table.named(first)} has {percent(values[first], 6)}, where the nearest count gives "
        f"{percent(nearest / size, 6)}"
    )
    trained_on = total is not None and size < total and total in sizes
    if len(sizes):
        by_luck = float(np.prod(np.minimum(1.0, 1.5 * units[rows] * sizes[0])))
        evidence += (
            f"; all are whole counts of {sizes[0]:,} ({chance(by_luck)} by chance)"
            f"{' and of ' + format(total, ',') if trained_on and total != sizes[0] else ''}"
        )
    else:
        evidence += f"; no number of images up to {_MOST_IMAGES:,} fits all"
    says = f"accuracies were not counted on the stated {size // table.runs:,} test images"
    says += f", not even as means of {table.runs} runs" if table.runs > 1 else ""
    if trained_on:
        says += f", but on all {total:,} images that were split: training images are among them"
    return Finding(
        rule="whole_counts",
        severity="error",
        table=table.name,
        says=says,
        evidence=evidence + f"; {table.listed(wrong.tolist())}",
        settle="the confusion matrix or the predictions of one of these rows; --runs if rows are "
        "means of several runs",
        rows=tuple(wrong.tolist()),
    )


def in_range(table: Table) -> list[Finding]:
    """Check that fractions lie between 0 and 1, and that times are positive."""
    findings = []
    for column in map(str, table.unit.columns):
        values = table.numbers(column)
        timed = column.endswith("_seconds")
        if not timed and not is_share(column):
            continue
        bad = values <= 0 if timed else (values < 0) | (values > 1)
        if not bad.any():
            continue
        rows = np.flatnonzero(bad).tolist()
        findings.append(
            Finding(
                rule="in_range",
                severity="error",
                table=table.name,
                says=f"{column} {'is not positive' if timed else 'is outside 0 to 100 %'}",
                evidence=f"{table.listed(rows)}: {values[rows[0]]:g} in row {table.named(rows[0])}",
                settle="the log of the run",
                rows=tuple(rows),
            )
        )
    return findings
