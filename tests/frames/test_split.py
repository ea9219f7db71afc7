from __future__ import annotations

import numpy as np
import pytest

from analysis.frames.split import subset
from analysis.frames.split import test_positions as positions
from tune_app.study.splits import split_indices, stratified_subset


@pytest.mark.parametrize("seed", [0, 1, 17])
@pytest.mark.parametrize("num", [100, 137, 700, 4321])
def test_second_implementation_agrees_with_the_first(num: int, seed: int) -> None:
    rng = np.random.default_rng(num + seed)
    labels = rng.choice(10, num, p=rng.dirichlet(np.full(10, 5))).astype(np.uint8)
    assert (positions(labels, seed) == split_indices(labels, seed)[2]).all()
    for size in (0, num // 3, num):
        assert (subset(labels, size, seed) == stratified_subset(labels, size, seed)).all()
