from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import holm


def test_holm_by_hand_and_against_statsmodels() -> None:
    adjusted = holm([0.010, 0.013, 0.014, 0.190])
    assert adjusted == pytest.approx([0.040, 0.040, 0.040, 0.190])
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    with_gap = holm([0.01, math.nan, 0.04])
    assert with_gap[[0, 2]] == pytest.approx([0.02, 0.04]) and math.isnan(with_gap[1])
    from statsmodels.stats.multitest import multipletests

    family = np.random.default_rng(13).uniform(0, 0.1, 30)
    assert holm(family) == pytest.approx(multipletests(family, method="holm")[1])
    assert len(holm([])) == 0 and np.isnan(holm([math.nan])).all()


def test_holm_keeps_the_error_of_the_family() -> None:
    p_values = np.random.default_rng(10).uniform(size=(2_000, 5))
    wrong = np.mean([(holm(family) < 0.05).any() for family in p_values])
    assert wrong < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2_000)
    assert wrong > 0.05 - 0.0025 - 4 * math.sqrt(0.05 * 0.95 / 2_000)
