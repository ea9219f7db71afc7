from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import interquartile_mean, performance_profile, stratified_interval


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    from scipy.stats import trim_mean

    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 4, 5))  # 20 runs: five are left out at each end
    expected = [trim_mean(of_study.ravel(), 0.25) for of_study in scores]
    assert interquartile_mean(scores) == pytest.approx(expected)
    # Six runs: one and a half at each end. (0.5 × 2 + 3 + 4 + 0.5 × 5) / 3
    assert interquartile_mean([[1, 2, 3], [4, 5, 600]]) == pytest.approx(3.5)


def test_the_profile_is_the_share_of_runs_above() -> None:
    scores = [[0.1, 0.2], [0.3, 0.4]]
    assert performance_profile(scores, [0.0, 0.2, 0.35, 0.4]).tolist() == [1.0, 0.5, 0.25, 0.0]


def test_the_interval_is_that_of_a_mean_where_the_statistic_is_one() -> None:
    """Of one data set's mean the bootstrap is normal, so stretching gives Student's interval."""
    from analysis.stats import mean_interval

    values = np.random.default_rng(1).normal(size=40)
    ours = stratified_interval(values[None], lambda drawn: drawn.mean(axis=(1, 2)))
    low, high = mean_interval(values)
    assert ours == pytest.approx((low, high), abs=0.05 * (high - low))
    assert ours == stratified_interval(values[None], lambda drawn: drawn.mean(axis=(1, 2)))


def test_data_sets_are_drawn_apart_and_few_seeds_have_no_interval() -> None:
    apart = np.array([[0.9] * 6, [0.5] * 6])
    assert stratified_interval(apart) == pytest.approx((0.7, 0.7)), "no run varies within its set"
    assert math.isnan(stratified_interval(apart[:, :5]).low)


def test_the_interval_of_six_seeds_is_stretched_for_the_few() -> None:
    """The spread of six values within themselves is too small by √(5/6), as for one mean."""
    from analysis.stats import mean_interval

    values = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    low, high = stratified_interval(values[None], lambda drawn: drawn.mean(axis=(1, 2)))
    known = mean_interval(values)
    assert high - low == pytest.approx(known.high - known.low, rel=0.04)
