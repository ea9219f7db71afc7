from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis.stats import (
    mean_interval,
    median_interval,
    replicates,
    wilson_interval,
)

# Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("num_correct", "num_images", "low", "high"), NEWCOMBE)
def test_wilson_is_that_of_a_published_table(
    num_correct: int, num_images: int, low: float, high: float
) -> None:
    assert wilson_interval(num_correct, num_images) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_the_best_row_of_report_a() -> None:
    low, high = wilson_interval(13_869, 14_000)
    assert (round(low, 4), round(high, 4)) == (0.9889, 0.9921)


def test_wilson_takes_halves_and_stays_inside() -> None:
    low, high = wilson_interval(2.5, 8)
    assert wilson_interval(2, 8).low < low < 2.5 / 8 < high < wilson_interval(3, 8).high
    assert wilson_interval(8, 8).high == pytest.approx(1.0)
    assert wilson_interval(8, 8).low == pytest.approx(1 / (1 + 1.959964**2 / 8), abs=1e-6)


def test_mean_interval_is_students() -> None:
    # t(0.975, 3) = 3.182446; mean 2.5, sd 1.290994, half width 2.054260
    assert mean_interval([1, 2, 3, 4]) == pytest.approx((0.445740, 4.554260), abs=1e-5)
    assert all(map(math.isnan, mean_interval([1.0])))


def test_median_interval_lies_on_order_statistics() -> None:
    # Of 10 values the 2nd and the 9th cover the median with 1 − 2·(1 + 10)/1024 = 0.979.
    assert median_interval(range(1, 11)) == (2.0, 9.0)
    assert median_interval([3, 1, 2, 6, 5, 4]) == (1.0, 6.0)
    assert all(map(math.isnan, median_interval([1, 2, 3, 4, 5])))
    assert all(map(math.isnan, median_interval([])))


def test_wilson_covers() -> None:
    rng = np.random.default_rng(1)
    correct = rng.binomial(160, 0.92, 2_000)
    intervals = {int(k): wilson_interval(int(k), 160) for k in np.unique(correct)}
    hits = sum(intervals[int(k)].low <= 0.92 <= intervals[int(k)].high for k in correct)
    # The exact coverage at this n and p, by summing the binomial; 4.4 binomial errors either way.
    from scipy import stats

    exact = sum(
        stats.binom.pmf(k, 160, 0.92)
        for k in range(161)
        if wilson_interval(k, 160).low <= 0.92 <= wilson_interval(k, 160).high
    )
    assert exact > 0.93
    assert abs(hits / 2_000 - exact) < 4.4 * math.sqrt(exact * (1 - exact) / 2_000)


def test_replicates_by_configuration() -> None:
    rows = pd.DataFrame(
        [("b", 0, 0.9), ("a", 0, 0.5), ("b", 1, 0.8), ("b", 2, 0.7), ("c", 0, math.nan)],
        columns=["config_id", "seed", "test_accuracy"],
    )
    table = replicates(rows, "test_accuracy")
    assert list(table["config_id"]) == ["b", "a"]
    assert list(table["num_seeds"]) == [3, 1]
    assert list(table["mean"]) == pytest.approx([0.8, 0.5])
    assert table["sd"].iloc[0] == pytest.approx(0.1)
    # t(0.975, 2) = 4.302653
    assert table["high"].iloc[0] == pytest.approx(0.8 + 4.302653 * 0.1 / math.sqrt(3))
    assert table.loc[1, ["sd", "low", "high"]].isna().all()
    assert replicates(rows[:0], "test_accuracy").empty


def test_wilson_ends_at_the_ends_of_the_range() -> None:
    """With none right of 6 the other end is z² / (n + z²) = 3.8415 / 9.8415."""
    assert wilson_interval(0, 6) == (0.0, pytest.approx(0.39033, abs=1e-5))
    assert wilson_interval(6, 6) == (pytest.approx(0.60967, abs=1e-5), 1.0)
