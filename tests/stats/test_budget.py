from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import expected_best


def test_expected_best_by_hand() -> None:
    # Scores 0, 0, 1: one draw expects 1/3; two draws miss the 1 with (2/3)².
    table = expected_best([0.0, 1.0, 0.0], [3600, 7200, 3600])
    assert list(table["expected_best"]) == pytest.approx([1 / 3, 5 / 9, 19 / 27])
    assert list(table["expected_hours"]) == pytest.approx([4 / 3, 8 / 3, 4])
    assert table["sd"].iloc[0] == pytest.approx(math.sqrt(2) / 3)
    lowest = expected_best([3.0, 1.0, 3.0], mode="min")
    assert lowest["expected_best"].iloc[1] == pytest.approx(3 - 2 * 5 / 9)
    assert "expected_hours" not in lowest


def test_expected_best_is_what_drawing_gives() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=12)
    drawn = rng.choice(scores, (20_000, 5)).max(axis=1)
    table = expected_best(scores).set_index("num_trials")
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(table.loc[5, "expected_best"] - drawn.mean()) < 4 * error
    assert table.loc[5, "sd"] == pytest.approx(drawn.std(), rel=0.05)
