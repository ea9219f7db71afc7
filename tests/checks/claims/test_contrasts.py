from __future__ import annotations

import numpy as np
import pytest

from analysis.claims import Claim, Criterion, Evidence, Higher, LargerAt, Same, Usually, judge
from tests.checks.claims.claim_rows import grid, two_arms

ADAM = Higher("optimizer", "adam", "sgd")


def word(test: Criterion, evidence: Evidence) -> str:
    return judge(Claim("a_claim", "Something.", test), evidence).word


def test_higher_is_decided_by_sign_flips() -> None:
    evidence = two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    verdict = judge(Claim("a_claim", "Adam is better.", ADAM), evidence)
    assert verdict.word == "supported"
    outcome = verdict.outcome
    assert outcome.effect == pytest.approx(0.035)
    assert outcome.p_value == 2 / 64
    # No value of the mean between the smallest and the largest of six differences is rejected.
    assert (outcome.low, outcome.high) == pytest.approx((0.01, 0.06))
    assert (outcome.num_pairs, outcome.num_seeds, outcome.wins, outcome.ties) == (6, 6, 6, 0)
    assert word(Higher("optimizer", "sgd", "adam"), evidence) == "contradicted"


def test_five_seeds_never_say_better() -> None:
    verdict = judge(Claim("a_claim", "Adam is better.", ADAM), two_arms([0.5] * 5))
    assert verdict.word == "underpowered"
    assert "takes at least 6 independent pairs" in verdict.outcome.reason
    assert np.isnan(verdict.outcome.p_value)


def test_mixed_differences_are_not_distinguishable() -> None:
    verdict = judge(
        Claim("a_claim", "Adam.", ADAM), two_arms([0.01, -0.02, 0.03, -0.01, 0.02, -0.03])
    )
    assert verdict.word == "not distinguishable"
    assert "in 4 of 5 studies" in verdict.outcome.reason


def test_differences_without_a_spread_say_nothing_of_one() -> None:
    """Rounding leaves them a tiny variance: 0.8 + 0.01 − 0.8 is not 0.01."""
    assert ADAM.judge(two_arms([0.01] * 8), 0.05).power == ""
    assert ADAM.judge(two_arms([0.01] * 7 + [-0.01]), 0.05).power != ""


def test_a_margin_must_be_exceeded() -> None:
    evidence = two_arms([0.010, 0.011, 0.012, 0.013, 0.014, 0.015, 0.016])
    assert word(ADAM, evidence) == "supported"
    assert word(Higher("optimizer", "adam", "sgd", by_at_least=0.005), evidence) == "supported"
    assert word(Higher("optimizer", "adam", "sgd", by_at_least=0.03), evidence) == "contradicted"
    within = Higher("optimizer", "adam", "sgd", by_at_least=0.0125)
    assert word(within, evidence) == "not distinguishable", "four of seven lie above it"


def test_equality_needs_evidence_of_its_own() -> None:
    close = two_arms([0.001, -0.001, 0.002, -0.002, 0.001, -0.001])
    same = Same("optimizer", "adam", "sgd", within=0.005)
    assert word(same, close) == "supported"
    assert word(ADAM, close) == "not distinguishable"
    wide = two_arms([0.03, -0.03, 0.04, -0.04, 0.05, -0.05])
    assert word(same, wide) == "not distinguishable"
    apart = two_arms([0.03, 0.04, 0.05, 0.04, 0.03, 0.05])
    assert word(same, apart) == "contradicted"
    assert word(same, two_arms([0.0] * 5)) == "underpowered"
    assert word(same, two_arms([0.0] * 6)) == "supported"


def test_equality_is_two_one_sided_tests() -> None:
    verdict = judge(
        Claim("a_claim", "Same.", Same("optimizer", "adam", "sgd", within=0.01)),
        two_arms([0.001] * 8),
    )
    assert verdict.outcome.p_value == 1 / 256


def test_usually_counts_pairs() -> None:
    usually = Usually("optimizer", "adam", "sgd")
    assert word(usually, two_arms([0.1] * 8)) == "supported"
    assert word(usually, two_arms([-0.1] * 8)) == "contradicted"
    assert word(usually, two_arms([0.1, -0.1] * 4)) == "not distinguishable"
    # Half of 100 pairs is certainly less than three quarters.
    assert word(usually, two_arms([0.1, -0.1] * 50)) == "contradicted"
    assert word(usually, two_arms([0.1] * 3)) == "underpowered"
    nearly = two_arms([0.1, -0.001] * 4)
    assert word(Usually("optimizer", "adam", "sgd", slack=0.002), nearly) == "supported"


def test_interaction_is_a_difference_of_differences() -> None:
    def accuracy(row: dict[str, float]) -> float:
        gain = {0.1: 0.02, 0.01: 0.05}[row["lr"]] + row["seed"] / 1000
        return 0.5 + (gain if row["optimizer"] == "adam" else 0.0)

    evidence = grid(accuracy, {"optimizer": ("sgd", "adam"), "lr": (0.1, 0.01)}, seeds=range(6))
    larger = LargerAt("optimizer", "adam", "sgd", by="lr", at=0.01, than_at=0.1)
    verdict = judge(Claim("a_claim", "More.", larger), evidence)
    assert verdict.word == "supported"
    assert verdict.outcome.effect == pytest.approx(0.03)
    assert verdict.outcome.num_pairs == 6
    assert "+5.25 points (higher in 6 of 6) at learning rate 0.01" in verdict.outcome.reason
    smaller = LargerAt("optimizer", "adam", "sgd", by="lr", at=0.1, than_at=0.01)
    assert word(smaller, evidence) == "contradicted"
    missing = LargerAt("optimizer", "adam", "sgd", by="lr", at=0.5, than_at=0.1)
    assert word(missing, evidence) == "not comparable"


def test_ratios_are_those_of_geometric_means() -> None:
    evidence = grid(
        lambda row: 0.2 if row["optimizer"] == "sgd" else 0.4 + row["seed"] / 100,
        {"optimizer": ("sgd", "adam")},
        seeds=range(6),
    )
    ratio = Higher("optimizer", "adam", "sgd", log=True)
    outcome = judge(Claim("a_claim", "Twice.", ratio), evidence).outcome
    expected = np.exp(np.mean(np.log([(0.4 + seed / 100) / 0.2 for seed in range(6)])))
    assert outcome.effect == pytest.approx(expected) and outcome.unit == "ratio"


def test_pairs_of_a_seed_are_one_unit() -> None:
    gains = {0: 0.01, 1: 0.02, 2: 0.03, 3: 0.04, 4: 0.05, 5: 0.06}

    def accuracy(row: dict[str, float]) -> float:
        wobble = 0.005 if row["lr"] == 0.1 else -0.005
        return 0.5 + (gains[int(row["seed"])] + wobble if row["optimizer"] == "adam" else 0.0)

    axes = {"optimizer": ("sgd", "adam"), "lr": (0.1, 0.01)}
    outcome = judge(Claim("a_claim", "Adam.", ADAM), grid(accuracy, axes, seeds=range(6))).outcome
    # All 12 pairs are positive, 2 of 4096 sign patterns; the six seeds' means are 1 to 6 points:
    # t = √21 at 5 degrees of freedom, half width 2.5706 · √3.5/√6 = 1.963 points.
    assert outcome.p_value == pytest.approx(0.005934, abs=1e-6)
    assert (outcome.low, outcome.high) == pytest.approx((0.015367, 0.054633), abs=1e-6)
    assert (outcome.num_pairs, outcome.num_seeds) == (12, 6)
    five = judge(Claim("a_claim", "Adam.", ADAM), grid(accuracy, axes, seeds=range(5))).outcome
    assert five.word == "underpowered" and np.isnan([five.p_value, five.low]).all()
    assert "a difference takes at least 6 seeds" in five.reason
    same = Same("optimizer", "adam", "sgd", within=0.08)
    equal = judge(Claim("a_claim", "Same.", same), grid(accuracy, axes, seeds=range(6))).outcome
    # (8 − 3.5) / 0.76376 = 5.892 standard errors below the margin.
    assert equal.p_value == pytest.approx(0.001, abs=1e-4) and equal.supports
    # Two one-sided tests at 5 % belong to an interval of 90 %: 3.5 ± 2.015048 · 0.763763 points.
    assert (equal.low, equal.high) == pytest.approx((0.019610, 0.050390), abs=1e-6)


def test_equality_is_tested_at_the_end_that_is_nearer_to_the_mean() -> None:
    """Two of eight differences equal that end, so six can be flipped: 1 of 64, one-sided."""
    differences = [-0.01, -0.01, -0.001, -0.002, -0.003, -0.004, -0.005, -0.006]
    same = Same("optimizer", "adam", "sgd", within=0.01)
    lower = same.judge(two_arms(differences, base=0.0), 0.05)
    upper = same.judge(two_arms([-d for d in differences], base=0.0), 0.05)
    for outcome in (lower, upper):
        assert outcome.supports and outcome.smallest_p == outcome.p_value == 1 / 64
    assert lower.effect == -upper.effect < 0
