"""Claims about nothing, simulated: how often they are said to be true or false."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.checks.claims.contrasts import paired_outcome
from analysis.checks.claims.pairs import Matched
from analysis.claims import (
    Claim,
    Usually,
    judge,
    judge_all,
)
from analysis.stats import sign_flip
from tests.checks.claims.claim_rows import ADAM, grid, two_arms


def test_two_identical_arms_are_told_apart_at_the_stated_rate_only() -> None:
    rng = np.random.default_rng(0)
    num_repeats = 500
    nothing = pd.DataFrame({"difference": np.zeros(8), "seed": range(8)})
    words = [
        paired_outcome(
            Matched(nothing.assign(difference=rng.normal(0, 0.01, 8))), 0.05, versus="A against B"
        )
        for _ in range(num_repeats)
    ]
    counts = Counter(outcome.decided(outcome.p_value, 0.05) for outcome in words)
    # Of the 256 sign patterns of 8 pairs the 12 most extreme fit below 5 %.
    rate = 12 / 256
    wrong = 1 - counts["not distinguishable"] / num_repeats
    assert abs(wrong - rate) < 4 * math.sqrt(rate * (1 - rate) / num_repeats)
    assert counts["supported"] > 0 and counts["contradicted"] > 0


def test_a_family_of_true_nulls_is_wrong_at_the_stated_rate_only() -> None:
    rng = np.random.default_rng(1)
    num_repeats, datasets = 20, ("a", "b", "c", "d", "e")
    claims = [
        replace(ADAM, name=f"adam_{dataset}", where={"dataset": dataset}) for dataset in datasets
    ]
    wrong = 0
    for _ in range(num_repeats):
        evidence = grid(
            lambda row: 0.8 + rng.normal(0, 0.01),
            {"dataset": datasets, "optimizer": ("sgd", "adam")},
            seeds=range(10),
        )
        wrong += any(v.word != "not distinguishable" for v in judge_all(claims, evidence))
    assert wrong / num_repeats < 0.05 + 4 * math.sqrt(0.05 * 0.95 / num_repeats)


def test_what_a_seed_does_to_all_its_pairs_is_no_effect() -> None:
    """Six seeds at three settings: a seed's luck is shared by its pairs, and no arm is better."""
    rng = np.random.default_rng(3)
    num_repeats, seeds = 150, np.repeat(np.arange(6), 3)
    wrong = pooled = 0
    for _ in range(num_repeats):
        luck = rng.normal(0, 0.02, 6)[seeds]
        pairs = pd.DataFrame({"difference": luck + rng.normal(0, 0.01, 18), "seed": seeds})
        outcome = paired_outcome(Matched(pairs), 0.05, versus="A against B")
        wrong += outcome.p_value < 0.05
        pooled += sign_flip(pairs["difference"]) < 0.05
    assert pooled / num_repeats > 0.15, "as if 18 pairs were independent"
    assert wrong / num_repeats < 0.05 + 4 * math.sqrt(0.05 * 0.95 / num_repeats)


def test_identical_arms_never_win_usually() -> None:
    rng = np.random.default_rng(2)
    usually = Claim("usually", "Adam usually wins.", Usually("optimizer", "adam", "sgd"))
    num_repeats = 50
    words = [judge(usually, two_arms(rng.normal(0, 0.01, 12))).word for _ in range(num_repeats)]
    assert words.count("supported") / num_repeats < 0.025 + 4 * math.sqrt(0.025 / num_repeats)
