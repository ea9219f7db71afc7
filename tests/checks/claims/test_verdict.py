from __future__ import annotations

import math
from dataclasses import replace

from analysis.claims import (
    Higher,
    judge,
    numbers_of,
)
from tests.checks.claims.claim_rows import ADAM, two_arms


def test_a_p_value_that_only_the_claim_alone_reaches_is_shown() -> None:
    line = {"num_pairs": 48, "num_seeds": 6, "unit": "points", "effect": 0.03}
    line |= {"of": "", "bounds": "interval"}
    line |= {"low": 0.001, "high": 0.06, "p_value": 0.042, "p_adjusted": 0.13}
    assert numbers_of(line) == (
        "+3.00 points [+0.10, +6.00], p = 0.13 (0.042 unadjusted), n = 48 at 6 seeds"
    )
    decided = line | {"p_value": 1e-5, "p_adjusted": 4e-4, "num_seeds": 1}
    assert numbers_of(decided) == "+3.00 points [+0.10, +6.00], p < 0.001, n = 48"
    rows = {"unit": "share", "effect": 0.5, "low": 0.25, "high": 1.0, "p_adjusted": math.nan}
    rows |= {"num_pairs": 4, "num_seeds": 0, "of": "rows", "bounds": "range"}
    assert numbers_of(rows) == "50 % of rows (25 to 100), n = 4"


def test_the_sentence_of_a_verdict() -> None:
    verdict = judge(ADAM, two_arms([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]))
    outcome = verdict.outcome
    low, high = f"{100 * outcome.low:+.2f}", f"{100 * outcome.high:+.2f}"
    assert verdict.sentence.startswith(
        "“Adam is more accurate than SGD.” – supported on study: +3.50 points "
        f"[{low}, {high}], p = 0.031, n = 6; optimizer Adam against SGD: higher in 6 of 6 pairs; "
    )


def test_one_pair_is_not_counted_as_several() -> None:
    assert "higher in 1 of 1 pair; " in judge(ADAM, two_arms([0.1])).sentence


def test_a_sentence_that_asks_ends_in_a_question_mark() -> None:
    claim = replace(ADAM, test=Higher("optimiser", "adam", "sgd"))
    assert judge(claim, two_arms([0.1])).sentence.endswith("; did you mean 'optimizer'?")


def test_names_from_a_study_stay_on_one_line() -> None:
    evidence = replace(two_arms([0.1] * 6), name="a\nb\x1b[2J")
    sentence = judge(ADAM, evidence).sentence
    assert sentence.isprintable() and "supported on a b\\x1b[2J: " in sentence
