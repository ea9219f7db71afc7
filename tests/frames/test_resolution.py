"""How far apart two configurations must be, from predictions and without them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.frames.answer import winners
from analysis.frames.load import load_study
from analysis.frames.resolution import resolution_of
from analysis.stats import mcnemar_of_counts, mcnemar_smallest
from tests.own_studies import own_study, report

HIT = {"hit": {"unit": "%"}, "test_hit": {"count": "num_shots"}}


def test_saved_predictions_are_compared_on_the_same_images(real_study: Path) -> None:
    study = load_study(real_study)
    mnist, fashion = (resolution_of(study, winner) for winner in winners(study))
    # The best on MNIST and those next to it differ on so few images that six decide, of 160.
    assert mnist is not None and mnist.is_paired and 6 / 160 <= mnist.difference <= 12 / 160
    assert fashion is not None and fashion.difference == pytest.approx(14 / 160)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_without_predictions_both_are_independent(tmp_path: Path, seeds: tuple[int, ...]) -> None:
    configs = [{"lr": lr} for lr in (0.1, 0.2)]
    space = {"metric": "hit", "mode": "max", "measures": HIT}
    ledger = own_study(tmp_path / "own", configs, seeds=seeds, **space)
    for config in configs:
        for seed in seeds:
            share = 0.5 + config["lr"]
            row = {"hit": share, "test_hit": share, "num_shots": 160}
            report(ledger, config, [row], seed=seed)
    study = load_study(tmp_path / "own")
    [winner] = winners(study)
    for damaged in (math.nan, 1.5):
        assert resolution_of(study, replace(winner, shown=damaged)) is None
    found = resolution_of(study, winner)
    if len(seeds) > 1:
        assert found is None, "the seeds say more"
        return
    # 1.96 times the root of 2 · 0.698 · 0.302 / 160, where 0.698 is (0.7 · 160 + 1) / 162.
    assert found is not None and not found.is_paired
    assert found.difference == pytest.approx(0.1006, abs=1e-4)
    # Simulated: of two models that are equally good so many are further apart by chance.
    draw = np.random.default_rng(0).binomial(160, 0.7, (2, 100_000)) / 160
    apart = abs(draw[0] - draw[1]) > found.difference
    assert 0.03 < apart.mean() < 0.055
    half_of_one = 1.96 * np.sqrt(0.7 * 0.3 / 160)
    assert (abs(draw[0] - draw[1]) > half_of_one).mean() > 0.12, "half of one interval is too small"


def test_the_smallest_difference_is_one_that_the_test_just_finds() -> None:
    # Of 20 images 5 to 15 have p = 0.041 and 6 to 14 p = 0.115; of 9 images 1 to 8 p = 0.039.
    assert [mcnemar_smallest(number) for number in (0, 5, 6, 9, 20)] == [6, 6, 6, 7, 10]
    for number in range(6, 60):
        excess = mcnemar_smallest(number)
        fewer = (number - excess) // 2
        assert mcnemar_of_counts(fewer, number - fewer) < 0.05
        assert mcnemar_of_counts(fewer + 1, number - fewer - 1) >= 0.05
