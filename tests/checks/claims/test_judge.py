from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis.checks.claims.judge import _worded
from analysis.checks.claims.origin import NUM_TRAIN, NUM_VAL
from analysis.claims import (
    BestOf,
    Claim,
    Evidence,
    Higher,
    MostRows,
    Outcome,
    from_reference,
    judge,
    judge_all,
)
from analysis.labs.reference import TABLES, load_table
from tests.checks.claims.claim_rows import ADAM, grid, two_arms


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
    assert both[0].outcome.reason.endswith(
        "6 pairs are too few for 2 claims that are judged together"
    )
    wide = two_arms([0.01, 0.02, 0.03, -0.04, 0.05, 0.06, -0.03])
    assert [v.word for v in judge_all([ADAM, other], wide)] == ["not distinguishable"] * 2


def test_tests_beside_the_claims_belong_to_their_family() -> None:
    evidence = two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    assert judge_all([ADAM], evidence, beside=[0.9, 0.001])[0].p_adjusted == 2 * 2 / 64
    assert judge_all([ADAM], evidence, beside=[math.nan])[0].p_adjusted == 2 / 64


@dataclass(frozen=True)
class Known:
    """A test whose outcome is known."""

    outcome: Outcome

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Return the outcome."""
        return self.outcome


def test_a_claim_without_images_counts_in_the_family_for_other_images() -> None:
    """Alone 0.04 would do; beside 0.03, of which the images are unknown, it is 0.06."""
    outcome = Outcome(None, "so", p_value=0.01, p_images=0.04, supports=True, num_pairs=9)
    other = Outcome(None, "so", p_value=0.03, supports=True, num_pairs=9)
    evidence = two_arms([0.1] * 6)
    claims = [Claim(name, "So.", Known(o)) for name, o in (("one", outcome), ("two", other))]
    assert [v.word for v in judge_all(claims[:1], evidence)] == ["supported"]
    assert [v.word for v in judge_all(claims, evidence)] == [
        "supported for these runs",
        "supported for these runs",
    ]


def test_the_family_is_counted_whole_and_what_is_open_beside_it() -> None:
    """One of three claims is decided first; with two open 6 pairs reach 4 / 64 at best."""
    outcome = Outcome(None, "so", p_value=4 / 64, num_pairs=6, smallest_p=2 / 64)
    p_values = np.array([2 / 2**12, 4 / 64, 5 / 64, math.nan])
    word, worded = _worded(outcome, 8 / 64, p_values, 0.05)
    assert word == "underpowered"
    assert worded.reason == (
        "so; 6 pairs are too few for 3 claims that are judged together (Holm's correction "
        "multiplies by 2 here)"
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
    assert (verdict.word, verdict.evidence) == ("supported for these runs", "resnet, svm")


def test_studies_on_fewer_images_are_not_judged_together_with_those_on_many() -> None:
    parts = []
    for family, accuracy, size in (("svm", 0.85, 900), ("few", 0.7, 90), ("resnet", 0.95, 900)):
        part = grid(lambda row, value=accuracy: value, {"dataset": ("mnist",)})  # type: ignore[misc]
        named = "resnet" if family == "few" else family
        rows = part.rows.assign(family=named, **{NUM_TRAIN: float(size)})
        parts.append(replace(part, name=family, rows=rows))
    cnn = Claim("cnn", "CNNs win.", BestOf("family", "resnet", "svm"))
    (verdict,) = judge_all([cnn], parts)
    assert verdict.evidence == "svm, resnet"
    (verdict,) = judge_all([cnn], parts[:2])
    assert verdict.evidence == "svm, few", "there are no others"
    unknown = [replace(part, rows=part.rows.assign(**{NUM_TRAIN: math.nan})) for part in parts]
    (verdict,) = judge_all([cnn], [*unknown, *parts])
    assert verdict.evidence == "svm, resnet", "those whose size is known come first"


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
        "the accuracies of report_b_q1b are not whole numbers of its 12,000 test images"
    )
    high = Claim("high", "High.", MostRows("test_accuracy", above=0.9))
    assert judge(high, flawed).word == "not comparable"
    sound = [t for t in TABLES if not from_reference([load_table(t)]).flawed]
    assert {"report_a_q1a", "report_b_q1a", "report_b_q2_figure8"} <= set(sound)


def test_an_accuracy_is_not_refuted_on_a_handful_of_images() -> None:
    high = MostRows("test_accuracy", above=0.99)
    claim = Claim("high", "Most exceed 99 %.", high, {}, "report_b", ("report_b_q1a",))
    evidence = two_arms([0.0] * 6)
    few = replace(evidence, rows=evidence.rows.assign(**{NUM_TRAIN: 210.0}))
    verdict = judge(claim, few)
    assert verdict.word == "not comparable"
    assert verdict.outcome.reason == "trained on 210 images, the published models on 42,000"
    enough = replace(evidence, rows=evidence.rows.assign(**{NUM_TRAIN: 49_000.0}))
    assert judge(claim, enough).word == "contradicted for these runs"
    short = replace(enough, rows=enough.rows.assign(epochs=[2, 5] * 6))
    assert judge(claim, short).outcome.reason == (
        "trained for 3.5 epochs in the median, the published models for 10"
    )
    longer = replace(enough, rows=enough.rows.assign(epochs=5))
    assert judge(claim, longer).word == "contradicted for these runs"
    assert judge(replace(claim, tables=()), few).word == "contradicted for these runs", (
        "a user's own claim"
    )
    gap = MostRows("val_accuracy", below=0.01, minus="test_accuracy")
    rows = few.rows.assign(val_accuracy=0.8, **{NUM_VAL: 1_000.0})
    assert judge(replace(claim, test=gap), replace(few, rows=rows)).word != "not comparable"


def test_an_unknown_p_value_decides_nothing() -> None:
    outcome = Outcome(None, "Nothing to see.", supports=True)
    assert outcome.decided(math.nan, 0.05) == "not distinguishable"
    assert outcome.decided(0.05, 0.05) == "not distinguishable"
    assert outcome.decided(0.049, 0.05) == "supported"
