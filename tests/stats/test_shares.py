from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats import outperforming


def test_probability_of_outperforming() -> None:
    result = outperforming([1, 1, -1, 0, 2, 0.5, 3, 1])
    assert (result.wins, result.ties) == (6, 1)
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
    assert always.low == pytest.approx(six.low)


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


def test_the_worth_of_pairs_by_hand() -> None:
    # Of four pairs a seed these are won: 18 of 24. The totals of the seeds differ from three by 1,
    # 0, -1, 0, 1 and -1, so the variance of the mean is 6/5 · 4 / 24² and not 3/4 · 1/4 / 24.
    seeds = np.repeat(np.arange(6), 4)
    won = np.concatenate([np.arange(4) < number for number in (4, 3, 2, 3, 4, 2)])
    found = outperforming(np.where(won, 1.0, -1.0), seeds=seeds)
    freedom = stats.t.ppf(0.975, 23) / stats.t.ppf(0.975, 5)
    assert found.size == pytest.approx(0.75 * 0.25 / (6 / 5 * 4 / 24**2) * freedom**2)
    assert 6 < found.size < 24
    assert (found.num_units, found.probability) == (6, 0.75)


def test_what_is_decided_and_by_which_p_value() -> None:
    always, never = outperforming(np.ones(8)), outperforming(-np.ones(8))
    assert always.decides(0.75, 0.05) == (True, always.p_value(0.5))
    # Below the threshold: P(none of 8 wins) at 3/4, two-sided, and not that at 1/2.
    assert never.decides(0.75, 0.05) == (False, pytest.approx(2 * 0.25**8))
    # As often better as worse is no outperforming, even if 3/4 is not refuted: 4 of 8 or fewer.
    half = outperforming([1, -1] * 4)
    assert half.decides(0.75, 0.05) == (False, pytest.approx(2 * stats.binom.cdf(4, 8, 0.75)))
    # Five of eight are seen too often for a verdict against it: it is tested against 1/2.
    most = outperforming([1] * 5 + [-1] * 3)
    assert most.decides(0.75, 0.05) == (True, pytest.approx(2 * stats.binom.sf(4, 8, 0.5)))
