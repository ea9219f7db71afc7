"""Most rows beyond a threshold, where the noise of a row is known and where it is not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from scipy import stats

from analysis.checks.claims.origin import NUM_TEST
from analysis.claims import Claim, Evidence, MostRows, Verdict, judge
from search_spaces.measure import Measure
from tests.checks.claims.claim_rows import grid
from tune_app.study.measures import Measures


def rows_with(**columns: Any) -> Evidence:
    """Return four rows, at lr 0 to 3, with columns of measurements."""
    evidence = grid(lambda row: 0.9, {"lr": range(4)})
    return replace(evidence, rows=evidence.rows.assign(**columns))


def judged(test: MostRows, evidence: Evidence) -> Verdict:
    return judge(Claim("a_claim", "So.", test), evidence)


def test_what_counts_no_images_has_no_p_value() -> None:
    errors = rows_with(test_err=[1.5, 1.9, 1.7, 2.5])
    verdict = judged(MostRows("test_err", below=2.0), errors)
    assert verdict.word == "supported for these runs" and math.isnan(verdict.p_adjusted)
    assert (verdict.outcome.effect, verdict.outcome.wins, verdict.outcome.num_pairs) == (0.75, 3, 4)
    assert verdict.outcome.reason == (
        "test err below 2 in 3 of 4 rows; median 1.8; no p-value, because the noise of a row is "
        "unknown"
    )
    assert "75 % of rows, n = 4" in verdict.sentence
    # Two of four are not most of them.
    half = judged(MostRows("test_err", below=1.8), errors)
    assert half.word == "contradicted for these runs" and math.isnan(half.outcome.p_value)


@pytest.mark.parametrize("num_test", [math.nan, 0.0])
def test_an_accuracy_of_an_unknown_number_of_images_has_no_p_value(num_test: float) -> None:
    accuracies = rows_with(test_accuracy=[0.95, 0.96, 0.97, 0.8], **{NUM_TEST: num_test})
    verdict = judged(MostRows("test_accuracy", above=0.9), accuracies)
    assert verdict.word == "supported for these runs" and math.isnan(verdict.outcome.p_value)
    assert "by more than the noise" not in verdict.sentence
    one_unknown = accuracies.rows.assign(**{NUM_TEST: [1_000.0, 1_000.0, 1_000.0, num_test]})
    verdict = judged(MostRows("test_accuracy", above=0.9), replace(accuracies, rows=one_unknown))
    assert math.isnan(verdict.outcome.p_value)


def test_a_user_s_own_percentages_are_no_counts() -> None:
    accuracies = rows_with(test_accuracy=[95.0, 96.0, 97.0, 80.0])
    verdict = judged(MostRows("test_accuracy", above=90), accuracies)
    assert verdict.word == "supported for these runs" and math.isnan(verdict.outcome.p_value)


def test_training_accuracy_alone_has_no_known_noise() -> None:
    accuracies = rows_with(train_accuracy=0.99)
    verdict = judged(MostRows("train_accuracy", above=0.9), accuracies)
    assert math.isnan(verdict.outcome.p_value)


def test_a_declared_count_is_that_of_the_images() -> None:
    shares = rows_with(test_top5=0.9, seen=[400.0, 400.0, 400.0, 400.0])
    measures = Measures(declared={"test_top5": Measure(unit="%", count="seen")})
    verdict = judged(MostRows("test_top5", above=0.8), replace(shares, measures=measures))
    # At least 360 of 400 are right at 80 % by chance. Of four such p-values the third smallest
    # decides, times 2, and times 2 again for both sides.
    assert verdict.outcome.p_value == pytest.approx(4 * stats.binom.sf(359, 400, 0.8))
    assert "by more than the noise in 4" in verdict.outcome.reason


def test_the_best_is_picked_by_the_objective() -> None:
    errors = rows_with(val_err=[3.0, 1.0, 2.0, 4.0], test_err=[1.0, 3.0, 1.0, 1.0])
    evidence = replace(errors, measures=Measures("val_err", "min"))
    low = MostRows("test_err", below=2.0, share=1, best_by=("family",))
    verdict = judged(low, evidence)
    assert (verdict.word, verdict.outcome.num_pairs) == ("contradicted for these runs", 1)
    assert "picked on validation err" in verdict.outcome.reason
    unpicked = evidence.rows.drop(columns=["val_err", "test_accuracy"])
    assert judged(low, replace(evidence, rows=unpicked)).word == "not comparable"


def test_the_largest_of_several_is_beyond_a_threshold_by_luck_so_many_times_as_often() -> None:
    accuracies = rows_with(test_accuracy=[0.95, 0.9, 0.9, 0.9])
    high = MostRows("test_accuracy", above=0.93, share=1, best_by=("family",))
    outcome = judged(high, accuracies).outcome
    # One of four configurations is picked on the test images that judge it; two sides are tested.
    assert outcome.p_value == pytest.approx(2 * 4 * stats.binom.sf(949, 1_000, 0.93))
    picked = accuracies.rows.assign(val_accuracy=[0.95, 0.9, 0.9, 0.9])
    validated = replace(accuracies, rows=picked, measures=Measures("val_accuracy", "max"))
    assert judged(high, validated).outcome.p_value == pytest.approx(
        2 * stats.binom.sf(949, 1_000, 0.93)
    )
