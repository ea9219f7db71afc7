from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.frames.columns import levels, numbers
from analysis.frames.seeds import over_seeds


def test_numbers_are_finite_floats_or_missing() -> None:
    frame = pd.DataFrame({"a": ["x", 1, None, math.inf, "2.5", 1e200]})
    assert list(numbers(frame, "a").dropna()) == [1.0, 2.5]
    assert numbers(frame, "absent").isna().all()


def test_levels_are_in_order_whatever_they_are() -> None:
    frame = pd.DataFrame({"a": pd.Series(["scale", 0.1, "auto", 0.01, None], dtype=object)})
    assert levels(frame, "a") == [0.01, 0.1, "scale", "auto"]
    assert levels(pd.DataFrame({"b": [True, False]}), "b") == [False, True]


def test_seeds_are_joined_with_mean_and_spread() -> None:
    frame = pd.DataFrame(
        {
            "config_id": ["b", "b", "a", "a"],
            "seed": [0, 1, 0, 1],
            "status": ["finished", "finished", "finished", "failed"],
            "m": [1.0, 3.0, 5.0, math.nan],
        }
    )
    joined = over_seeds(frame, ["m"])
    assert list(joined["config_id"]) == ["b", "a"]
    assert list(joined["m"]) == [2.0, 5.0]
    assert joined["m_sd"].iloc[0] == pytest.approx(math.sqrt(2))
    assert math.isnan(joined["m_sd"].iloc[1])
    assert list(joined["num_seeds"]) == [2, 1] and list(joined["num_planned"]) == [2, 2]
