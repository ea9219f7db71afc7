from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import outperforming


def test_probability_of_outperforming() -> None:
    result = outperforming([1, 1, -1, 0, 2, 0.5, 3, 1])
    assert (result.wins, result.ties, result.num_pairs) == (6, 1, 8)
    assert result.probability == 6.5 / 8
    assert result.low < 6.5 / 8 < result.high
    # Eight of eight: the interval begins where the chance of that is 2.5 %.
    always = outperforming(np.ones(8))
    assert (always.low, always.high) == (pytest.approx(0.025 ** (1 / 8)), 1.0)
    assert always.p_value() == pytest.approx(2 / 2**8)
    assert always.p_value(always.low) == pytest.approx(0.05)
    assert outperforming(-np.ones(8)).p_value() == pytest.approx(2 / 2**8)
    assert outperforming([1, -1] * 4).p_value() == 1.0


def test_too_few_pairs_have_no_interval() -> None:
    four = outperforming(np.ones(4))
    assert math.isnan(four.low) and four.p_value() == pytest.approx(0.125)
    assert not math.isnan(outperforming(np.ones(6)).low)


def test_pairs_that_share_their_luck_count_as_fewer() -> None:
    seeds = np.repeat(np.arange(6), 2)
    as_seeds = outperforming([1, 1, 1, -1, -1, -1])
    shared = outperforming([1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1], seeds=seeds)
    assert (shared.low, shared.high) == pytest.approx((as_seeds.low, as_seeds.high))
    mixed = [1, -1] * 6
    grouped, alone = outperforming(mixed, seeds=seeds), outperforming(mixed)
    assert (grouped.low, grouped.high) == (alone.low, alone.high), "nothing is shared"
    always, six = outperforming(np.ones(12), seeds=seeds), outperforming(np.ones(6))
    assert (always.low, always.num_pairs) == (pytest.approx(six.low), 12)


def test_shared_luck_does_not_win() -> None:
    rng = np.random.default_rng(11)
    num_repeats, seeds = 1_000, np.repeat(np.arange(6), 8)
    grouped = alone = 0
    for _ in range(num_repeats):
        differences = rng.normal(0, 1, 6)[seeds] + rng.normal(0, 1, len(seeds))
        grouped += outperforming(differences, seeds=seeds).low > 0.5
        alone += outperforming(differences).low > 0.5
    assert alone / num_repeats > 0.1, "as if 48 pairs were independent"
    assert grouped / num_repeats < 0.025 + 4 * math.sqrt(0.025 * 0.975 / num_repeats)
