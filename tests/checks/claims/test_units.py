"""What is one piece of evidence: a seed, a pair, or a trained model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.checks.claims.contrasts import paired_outcome
from analysis.checks.claims.pairs import Matched
from analysis.claims import BestOf, Claim, Higher, Outcome, Same, Usually, judge, judge_all
from search_spaces.measure import Measure
from tests.checks.claims.claim_rows import ADAM, grid, two_arms
from tune_app.study.measures import Measures


def outcome(differences: list[float], seeds: list[int]) -> Outcome:
    pairs = pd.DataFrame({"difference": differences, "seed": seeds})
    return paired_outcome(Matched(pairs), 0.05, versus="A against B")


def test_one_rule_for_too_few_pairs() -> None:
    four = two_arms([0.01, 0.02, 0.03, 0.04])
    for test in (
        Usually("optimizer", "adam", "sgd"),
        Higher("optimizer", "adam", "sgd"),
        Same("optimizer", "adam", "sgd", within=0.1),
    ):
        verdict = judge(Claim("so", "So.", test), four)
        assert verdict.word == "underpowered"
        assert "at least 6 independent pairs" in verdict.outcome.reason


@pytest.mark.parametrize("num_seeds", [2, 3, 5])
def test_a_few_seeds_decide_nothing_however_many_settings_they_have(num_seeds: int) -> None:
    seeds = [seed for seed in range(num_seeds) for _ in range(8)]
    found = outcome([0.01 + 0.001 * n for n in range(8 * num_seeds)], seeds)
    assert found.word == "underpowered" and np.isnan([found.p_value, found.low]).all()
    assert found.reason.endswith("a difference takes at least 6 seeds")


def test_one_seed_speaks_for_its_runs_only() -> None:
    evidence = grid(
        lambda row: 0.8 + (0.01 if row["optimizer"] == "adam" else 0.0) + row["lr"] / 1000,
        {"optimizer": ("sgd", "adam"), "lr": tuple(range(8))},
    )
    assert judge(ADAM, evidence).word == "supported for these runs"
    assert judge(ADAM, two_arms([0.01] * 8)).word == "supported"


def test_pairs_and_seeds_on_different_sides_give_no_verdict() -> None:
    # 40 pairs of seed 0 at +2 points, and one of each of 11 seeds at −1.
    found = outcome([0.02] * 40 + [-0.01] * 11, [0] * 40 + list(range(1, 12)))
    assert found.decided(found.p_value, 0.05) == "not distinguishable"
    assert np.isnan([found.p_value, found.low, found.high]).all()
    assert found.reason.endswith(
        "the seeds have different numbers of pairs: +1.35 points over pairs, −0.75 points over "
        "seeds"
    )
    assert found.effect == pytest.approx(-0.0075)


def test_a_test_over_test_images_is_about_two_trained_models() -> None:
    accuracies = {"a": 0.95, "b": 0.90}

    def accuracy(row: dict[str, object]) -> float:
        return accuracies[str(row["model"])] + 0.001 * int(str(row["seed"]))

    best = Claim("so", "So.", BestOf("model", "a", "b", by=()))
    axes = {"model": ("a", "b")}
    assert judge(best, grid(accuracy, axes)).word == "supported for these runs"
    assert judge(best, grid(accuracy, axes, seeds=range(6))).word == "supported"


def test_a_measure_has_its_own_unit() -> None:
    evidence = two_arms([0.0] * 7)
    adam = evidence.rows["optimizer"] == "adam"
    rows = evidence.rows.assign(val_loss=0.5 + np.where(adam, 0.35, 0.0), val_rmse=12.0 - adam)
    millimetres = Measures(declared={"val_rmse": Measure(unit="mm")})
    evidence = replace(evidence, rows=rows, measures=millimetres)
    higher = judge(Claim("so", "So.", Higher("optimizer", "adam", "sgd", "val_loss")), evidence)
    assert higher.sentence.startswith("“So.” – supported on study: +0.35, p = 0.016, n = 7")
    assert "point" not in higher.sentence
    same = Same("optimizer", "adam", "sgd", within=2, metric="val_rmse")
    equal = judge(Claim("so", "So.", same), evidence)
    assert "−1 mm, p = " in equal.sentence
    assert "within 2 mm of each other in 7 of 7 pairs" in equal.sentence


def test_every_p_value_enters_the_family_of_its_source() -> None:
    evidence = two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07])
    usually = Claim("usually", "So.", Usually("optimizer", "adam", "sgd"), source="report_b")
    mine, theirs = judge_all([ADAM, usually], evidence)
    assert (mine.p_adjusted, theirs.p_adjusted) == pytest.approx((2 / 128, 2 / 128))
    both = judge_all([ADAM, replace(usually, source="")], evidence)
    assert [verdict.p_adjusted for verdict in both] == pytest.approx([4 / 128, 4 / 128])
