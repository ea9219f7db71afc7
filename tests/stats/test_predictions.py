from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.stats import (
    image_error,
    mcnemar,
    mcnemar_bound,
    mcnemar_of_counts,
    mcnemar_smallest,
)


def test_mcnemar_is_the_exact_binomial() -> None:
    first = np.repeat([True, True, False, False], [30, 12, 3, 5])
    second = np.repeat([True, False, True, False], [30, 12, 3, 5])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second, found.is_bound) == (12, 3, False)
    # 2·Σ C(15, 0..3)/2^15 = 2·576/32768
    assert found.p_value == pytest.approx(1152 / 32_768)
    assert mcnemar([True, False], [True, False]).p_value == 1.0


def test_mcnemar_of_the_approval_ratings() -> None:
    # Agresti (1990, p. 350): 150 and 86 changed their minds, z = 4.17.
    from statsmodels.stats.contingency_tables import mcnemar as theirs

    first = np.repeat([True, True, False, False], [794, 150, 86, 570])
    second = np.repeat([True, False, True, False], [794, 150, 86, 570])
    table = [[794, 150], [86, 570]]
    assert mcnemar(first, second).p_value == pytest.approx(theirs(table, exact=True).pvalue)
    assert mcnemar(first, second).p_value == pytest.approx(2 * stats.norm.sf(4.17), rel=0.25)


def test_bound_is_one_and_is_tight_when_nothing_is_wrong_twice() -> None:
    rng = np.random.default_rng(11)
    for _ in range(50):
        labels = rng.integers(0, 10, 200)
        first = np.where(rng.random(200) < 0.8, labels, rng.integers(0, 10, 200))
        second = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 10, 200))
        exact = mcnemar(first == labels, second == labels)
        counts = int((first == labels).sum()), int((second == labels).sum())
        bound = mcnemar_bound(*counts, int((first != second).sum()))
        assert bound.is_bound and bound.p_value >= exact.p_value * (1 - 1e-9)
        assert bound.only_first - bound.only_second == counts[0] - counts[1]
    assert mcnemar_bound(42, 33, 15).p_value == pytest.approx(1152 / 32_768)


def test_the_error_over_images_by_hand() -> None:
    # 20 images on which both agree: with +1 and −1 the standard deviation is √(2/21), of 22.
    assert image_error(np.zeros(20)) == pytest.approx(np.sqrt(2 / 21 / 22))
    # Bonett & Price (2012) for two models: (f12 + 1) and (f21 + 1) of n + 2 images, here 7 and 3 of
    # 52, so the variance is (7 + 3) / 52 − (4 / 52)², over 51 for an estimate from a sample.
    found = image_error([1.0] * 6 + [-1.0] * 2 + [0.0] * 42)
    assert found == pytest.approx(np.sqrt((10 / 52 - (4 / 52) ** 2) / 51))


def test_the_smallest_difference_lies_below_the_level_and_not_on_it() -> None:
    # Of 15 images 3 to 12 have p = 1152/32768, and 2 to 13 have 242/32768.
    level = mcnemar_of_counts(3, 12)
    assert level == pytest.approx(1152 / 32_768)
    assert mcnemar_smallest(15, level) == 11 and mcnemar_smallest(15, 1.01 * level) == 9
