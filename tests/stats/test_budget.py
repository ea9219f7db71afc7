from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from analysis.stats import expected_best


def test_expected_best_by_hand() -> None:
    # Scores 0, 0, 1: one draw is the 1 in a third of cases, two draws in two thirds.
    table = expected_best([0.0, 1.0, 0.0], [3600, 7200, 3600])
    assert list(table["expected_best"]) == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert list(table["expected_hours"]) == pytest.approx([4 / 3, 8 / 3, 4])
    assert table["sd"].iloc[0] == pytest.approx(math.sqrt(2) / 3) and table["sd"].iloc[2] == 0
    lowest = expected_best([3.0, 1.0, 3.0], mode="min")
    assert lowest["expected_best"].iloc[1] == pytest.approx(3 - 2 * 2 / 3)
    assert "expected_hours" not in lowest


def test_expected_best_is_the_mean_over_all_subsets() -> None:
    scores = np.random.default_rng(5).normal(size=9).round(1)
    table = expected_best(scores, sizes=[2, 5, 9]).set_index("num_trials")
    for size in (2, 5, 9):
        best = [max(subset) for subset in itertools.combinations(scores, size)]
        assert table.loc[size, "expected_best"] == pytest.approx(np.mean(best))
        assert table.loc[size, "sd"] == pytest.approx(np.std(best), abs=1e-9)


def test_of_ten_thousand_trials_some_sizes_are_asked_for() -> None:
    table = expected_best(np.arange(10_000.0), sizes=[1, 100, 10_000])
    # The expected largest of k of 0 … n − 1 is k (n + 1) / (k + 1) − 1.
    assert list(table["expected_best"]) == pytest.approx([4_999.5, 100 * 10_001 / 101 - 1, 9_999])
