from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.checks.claims.contrasts import paired_outcome
from analysis.checks.claims.judge import _worded
from analysis.checks.claims.pairs import Matched
from analysis.claims import (
    COLUMNS,
    PUBLISHED,
    VERDICTS,
    BestOf,
    Claim,
    Higher,
    MostRows,
    Outcome,
    Usually,
    from_reference,
    judge,
    judge_all,
    judge_published,
    numbers_of,
    verdicts,
)
from analysis.frames.load import load_study
from analysis.labs.reference import TABLES, load_table
from analysis.stats import intervals, sign_flip
from tests.claim_rows import grid, two_arms
from tests.studies import shared_study

ADAM = Claim("adam", "Adam is more accurate than SGD.", Higher("optimizer", "adam", "sgd"))


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations ask for verdicts, which do not depend on the interval."""
    monkeypatch.setattr(intervals, "NUM_RESAMPLES", 49)


@pytest.mark.usefixtures("few_resamples")
def test_two_identical_arms_are_told_apart_at_the_stated_rate_only() -> None:
    rng = np.random.default_rng(0)
    num_repeats = 500
    nothing = pd.DataFrame({"difference": np.zeros(8)})
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


@pytest.mark.usefixtures("few_resamples")
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


@pytest.mark.usefixtures("few_resamples")
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
        pooled += sign_flip(pairs["difference"]).p_value < 0.05
    assert pooled / num_repeats > 0.15, "as if 18 pairs were independent"
    assert wrong / num_repeats < 0.05 + 4 * math.sqrt(0.05 * 0.95 / num_repeats)


@pytest.mark.usefixtures("few_resamples")
def test_identical_arms_never_win_usually() -> None:
    rng = np.random.default_rng(2)
    usually = Claim("usually", "Adam usually wins.", Usually("optimizer", "adam", "sgd"))
    num_repeats = 50
    words = [judge(usually, two_arms(rng.normal(0, 0.01, 12))).word for _ in range(num_repeats)]
    assert words.count("supported") / num_repeats < 0.025 + 4 * math.sqrt(0.025 / num_repeats)


def test_holm_raises_p_and_counts_a_repeated_claim_once() -> None:
    evidence = two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    alone = judge(ADAM, evidence)
    assert (alone.word, alone.p_adjusted) == ("supported", 2 / 64)
    again = replace(ADAM, name="adam_again", source="report_b")
    twice = judge_all([ADAM, again], evidence)
    assert [v.word for v in twice] == ["supported", "supported"]
    other = Claim("sgd", "SGD.", Higher("optimizer", "sgd", "adam"))
    both = judge_all([ADAM, other], evidence)
    assert [v.p_adjusted for v in both] == [4 / 64, 4 / 64]
    assert [v.word for v in both] == ["underpowered"] * 2, "6 pairs give 2 / 64 at best"
    assert both[0].outcome.reason.endswith("6 pairs cannot decide one of 2 claims judged together")
    wide = two_arms([0.01, 0.02, 0.03, -0.04, 0.05, 0.06, -0.03])
    assert [v.word for v in judge_all([ADAM, other], wide)] == ["not distinguishable"] * 2


def test_the_family_is_counted_whole_and_what_is_open_beside_it() -> None:
    """One of three claims is decided first; with two open 6 pairs reach 4 / 64 at best."""
    outcome = Outcome(None, "so", p_value=4 / 64, num_pairs=6, smallest_p=2 / 64)
    p_values = np.array([2 / 2**12, 4 / 64, 5 / 64, math.nan])
    word, worded = _worded(outcome, 8 / 64, p_values, 0.05)
    assert word == "underpowered"
    assert worded.reason == (
        "so; 6 pairs cannot decide one of 3 claims judged together, 2 of them still open after "
        "Holm's first steps"
    )


def test_a_claim_without_power_is_not_in_the_family() -> None:
    evidence = two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    few = replace(ADAM, name="few", where={"seed": (0, 1, 2)})
    enough, too_few = judge_all([ADAM, few], evidence)
    assert too_few.word == "underpowered" and math.isnan(too_few.p_adjusted)
    assert enough.p_adjusted == 2 / 64


def test_each_claim_takes_the_study_that_says_most_about_it() -> None:
    small = replace(two_arms([0.1] * 6), name="small")
    large = replace(two_arms([0.1] * 9), name="large")
    (verdict,) = judge_all([ADAM], [small, large])
    assert (verdict.evidence, verdict.outcome.num_pairs) == ("large", 9)


def test_families_of_two_studies_are_judged_together() -> None:
    parts = []
    for family, accuracy in (("resnet", 0.95), ("svm", 0.85)):
        part = grid(lambda row, value=accuracy: value, {"dataset": ("mnist",)})  # type: ignore[misc]
        parts.append(replace(part, name=family, rows=part.rows.assign(family=family)))
    cnn = Claim("cnn", "CNNs win.", BestOf("family", "resnet", "svm"))
    (verdict,) = judge_all([cnn], parts)
    assert (verdict.word, verdict.evidence) == ("supported", "resnet, svm")


def test_rows_that_are_not_there_say_so() -> None:
    evidence = two_arms([0.1] * 6)
    absent = judge(replace(ADAM, where={"optimizer": "rmsprop"}), evidence)
    assert absent.word == "not comparable"
    assert absent.outcome.reason == "no rows with optimizer rmsprop"
    unknown = judge(replace(ADAM, where={"optimiser": "adam"}), evidence)
    assert unknown.outcome.reason == "no column optimiser; did you mean 'optimizer'?"


def test_accuracies_not_of_the_stated_test_set_are_not_compared() -> None:
    flawed = from_reference([load_table("report_b_q1b")])
    assert flawed.flawed == (
        "accuracies of report_b_q1b are no whole counts of its 12,000 test images"
    )
    high = Claim("high", "High.", MostRows("test_accuracy", above=0.9))
    assert judge(high, flawed).word == "not comparable"
    sound = [t for t in TABLES if not from_reference([load_table(t)]).flawed]
    assert {"report_a_q1a", "report_b_q1a", "report_b_q2_figure8"} <= set(sound)


def test_an_accuracy_is_not_refuted_on_a_handful_of_images() -> None:
    high = MostRows("test_accuracy", above=0.99)
    claim = Claim("high", "Most exceed 99 %.", high, {}, "report_b", ("report_b_q1a",))
    evidence = two_arms([0.0] * 6)
    few = replace(evidence, rows=evidence.rows.assign(num_train=210.0))
    verdict = judge(claim, few)
    assert verdict.word == "not comparable"
    assert verdict.outcome.reason == (
        "trained on 210 images, where the accuracy claimed is that of 42,000"
    )
    enough = replace(evidence, rows=evidence.rows.assign(num_train=49_000.0))
    assert judge(claim, enough).word == "contradicted"
    assert judge(replace(claim, tables=()), few).word == "contradicted", "a user's own claim"
    gap = MostRows("val_accuracy", below=0.01, minus="test_accuracy")
    rows = few.rows.assign(val_accuracy=0.8)
    assert judge(replace(claim, test=gap), replace(few, rows=rows)).word != "not comparable"


def test_a_p_value_that_only_the_claim_alone_reaches_is_shown() -> None:
    line = {"num_pairs": 48, "num_seeds": 6, "unit": "points", "effect": 0.03}
    line |= {"of": "", "bounds": "interval"}
    line |= {"low": 0.001, "high": 0.06, "p_value": 0.042, "p_adjusted": 0.13}
    assert numbers_of(line) == (
        "+3.00 points [+0.10, +6.00], p = 0.13 (0.042 on its own), n = 48 at 6 seeds"
    )
    decided = line | {"p_value": 1e-5, "p_adjusted": 4e-4, "num_seeds": 1}
    assert numbers_of(decided) == "+3.00 points [+0.10, +6.00], p < 0.001, n = 48"
    rows = {"unit": "share", "effect": 0.5, "low": 0.25, "high": 1.0, "p_adjusted": math.nan}
    rows |= {"num_pairs": 4, "num_seeds": 0, "of": "rows", "bounds": "range"}
    assert numbers_of(rows) == "50 % of rows (25 to 100), n = 4"


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return verdicts([], PUBLISHED).set_index("claim")


def test_published_claims_have_their_verdicts(published: pd.DataFrame) -> None:
    words = published["verdict"]
    assert set(words) <= set(VERDICTS)
    assert words["a_depth"] == "supported"
    assert words["a_best_run"] == "not distinguishable"
    assert words["a_sgd_needs_tuning"] == "supported"
    assert words["a_cnn_over_svm"] == "not comparable"
    assert words["b_depth_fashion"] == "contradicted"
    assert words["b_gpu_speedup"] == "contradicted"
    assert words["b_svm_slower"] == "contradicted"
    assert words["b_pin_time"] == "underpowered"
    assert words["b_adam_fashion_high_lr"] == "underpowered"
    assert words["b_mnist_99"] == "not distinguishable"


def test_numbers_of_report_a(published: pd.DataFrame) -> None:
    depth = published.loc["a_depth"]
    assert (depth["wins"], depth["num_pairs"]) == (64, 64)
    pin = published.loc["a_pin_accuracy"]
    assert pin["effect"] == pytest.approx(-0.0003, abs=5e-5) and pin["num_pairs"] == 64
    assert published.loc["a_pin_time", "effect"] == pytest.approx(1.0, abs=0.0005)
    reason = published.loc["a_sgd_needs_tuning", "reason"]
    assert (
        "(higher in 24 of 32) at learning rate 0.001" in reason and "(higher in 3 of 32)" in reason
    )
    assert published.loc["a_flops", "effect"] == pytest.approx(156.30 / 66.11)


def test_numbers_of_report_b(published: pd.DataFrame) -> None:
    depth = published.loc["b_depth_fashion"]
    assert (depth["wins"], depth["ties"], depth["num_pairs"]) == (1, 3, 8)
    speedup = published.loc["b_gpu_speedup"]
    assert (speedup["low"], speedup["high"]) == pytest.approx((25.1, 35.4), abs=0.05)
    adam = published.loc["b_adam_fashion"]
    assert (adam["wins"], adam["p_value"]) == (8, 2 / 256)


def test_every_published_claim_is_judged_and_told_in_one_line(published: pd.DataFrame) -> None:
    drawn = {claim.name for claim in PUBLISHED if claim.tables}
    assert set(published.index) == drawn
    assert len({claim.name for claim in PUBLISHED}) == len(PUBLISHED)
    for text in published["text"]:
        assert text.startswith("Report ") and text.endswith(".") and "\n" not in text
        assert "nan" not in text.lower() and "{" not in text


def test_studies_and_tables_side_by_side(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    frame = verdicts([study], PUBLISHED)
    assert list(frame.columns) == list(COLUMNS)
    depth = frame[frame["claim"] == "a_depth"]
    assert list(depth["kind"]) == ["report", "study"]
    assert list(depth["verdict"]) == ["supported", "not comparable"]
    pin = frame[(frame["claim"] == "a_pin_accuracy") & (frame["kind"] == "study")]
    assert pin["reason"].item().startswith("one trial serves both values")
    assert (frame[frame["kind"] == "study"]["evidence"] == "grid").all()


def test_the_sentence_of_a_verdict() -> None:
    verdict = judge(ADAM, two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]))
    outcome = verdict.outcome
    low, high = f"{100 * outcome.low:+.2f}", f"{100 * outcome.high:+.2f}"
    assert verdict.sentence.startswith(
        "“Adam is more accurate than SGD.” – supported on study: +3.50 points "
        f"[{low}, {high}], p = 0.031, n = 6; optimizer Adam against SGD: higher in 6 of 6 pairs; "
    )


def test_judging_published_claims_needs_no_study() -> None:
    assert [v.kind for v in judge_published([PUBLISHED[0], ADAM])] == ["report"]


def test_an_unknown_p_value_decides_nothing() -> None:
    outcome = Outcome(None, "Nothing to see.", supports=True)
    assert outcome.decided(math.nan, 0.05) == "not distinguishable"
    assert outcome.decided(0.05, 0.05) == "not distinguishable"
    assert outcome.decided(0.049, 0.05) == "supported"


def test_names_from_a_study_stay_on_one_line() -> None:
    evidence = replace(two_arms([0.1] * 6), name="a\nb\x1b[2J")
    sentence = judge(ADAM, evidence).sentence
    assert sentence.isprintable() and "supported on a b\\x1b[2J: " in sentence
