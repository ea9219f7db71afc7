from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.checks.claims.command import load_claims
from analysis.claims import (
    BestHas,
    BestOf,
    Claim,
    Criterion,
    Higher,
    MostRows,
    Same,
    Usually,
    judge,
)
from search_spaces.errors import UserError
from tests.checks.claims.claim_rows import two_arms

ADAM = Higher("optimizer", "adam", "sgd")
GOOD = """
from analysis.claims import Claim, Higher
CLAIMS = [Claim("adam", "Adam wins.", Higher("optimizer", "adam", "sgd"))]
"""


def test_the_sentence_names_values_as_they_are_printed() -> None:
    claim = Claim(
        "a",
        "On {dataset}, {model}: so.",
        ADAM,
        {"dataset": "fashion_mnist", "model": ("resnet18", "resnet50")},
    )
    assert claim.text == "On FashionMNIST, ResNet-18 or ResNet-50: so."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Not a name"}, "claim name 'Not a name'"),
        ({"sentence": " "}, "non-empty"),
        ({"sentence": "On {dataset}."}, r"names \{dataset\}; allowed: .* \(none\)"),
        ({"sentence": "On {."}, "sentence: "),
        ({"test": Higher}, "test must be a test"),
        ({"test": "higher"}, "not str"),
        ({"where": ["mnist"]}, "where must map"),
        ({"tables": "report_a_q1a"}, "tuple of names"),
        ({"tables": ("report_a_q1",)}, "did you mean 'report_a_q1"),
    ],
)
def test_a_claim_that_is_none_is_refused(changes: dict[str, Any], message: str) -> None:
    fields = {"name": "a_claim", "sentence": "So.", "test": ADAM} | changes
    with pytest.raises(UserError, match=message):
        Claim(**fields)


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (MostRows("test_accuracy", above=98), "above=98 stands for 9800 %; write 0.98 for 98 %"),
        (MostRows("test_accuracy", below=98), "below=98"),
        (Higher("optimizer", "adam", "sgd", by_at_least=1), "by_at_least=1 stands for 100 %"),
        (Same("optimizer", "adam", "sgd", within=1), "within=1 stands for 100 %"),
        (Usually("optimizer", "adam", "sgd", slack=2), "write 0.02 for 2 %"),
        (BestHas({"optimzer": "adam"}), "no column optimzer; did you mean 'optimizer'?"),
    ],
)
def test_what_decides_nothing_says_why(test: Criterion, says: str) -> None:
    verdict = judge(Claim("a_claim", "So.", test), two_arms([0.1] * 6))
    assert verdict.word == "not comparable" and says in verdict.outcome.reason


def test_one_name_needs_no_tuple() -> None:
    by_family = MostRows("test_accuracy", above=0.5, best_by="family")
    assert by_family == MostRows("test_accuracy", above=0.5, best_by=("family",))
    best = BestOf("optimizer", "adam", "sgd", by="family")
    assert best.by == ("family",)
    for wrong in ({}, {"above": 0.5, "below": 0.6}, {"above": 0.5, "share": 2}):
        with pytest.raises(UserError, match="MostRows: "):
            MostRows("test_accuracy", **wrong)


def test_claims_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    assert [claim.name for claim in load_claims(file)] == ["adam"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CLAIMS = 3", "no list CLAIMS"),
        ("", "no list CLAIMS"),
        ("CLAIMS = []", "no list CLAIMS"),
        ("CLAIMS = [3]", r"CLAIMS\[0\] is a int"),
        ("CLAIMS = [", "line 1"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit"),
        (GOOD + "CLAIMS *= 2", "two claims are named adam"),
        (GOOD.replace('"adam",', '"Adam",', 1), "claim name 'Adam'"),
    ],
)
def test_a_file_without_claims_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        load_claims(file)


@pytest.mark.parametrize("name", ["absent.py", "", "x" * 400 + ".py"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_claims(tmp_path / name)
    other = tmp_path / "claims.txt"
    other.write_text(GOOD)
    with pytest.raises(UserError, match=r"must end in \.py"):
        load_claims(other)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_sentence_is_kept_or_refused_in_one_line(sentence: str) -> None:
    try:
        claim = Claim("a_claim", sentence, ADAM, {"dataset": "mnist"})
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(claim.text, str)
