"""What a launch computes with, and the note where that has changed."""

from __future__ import annotations

from typing import Any

from tune_app.study.arithmetic import PACKAGES, arithmetic_of, change_notes
from tune_app.study.code_fingerprint import CODE

OLD: dict[str, Any] = {
    "packages": {"torch": "2.13.0", "ray": "2.60.0"},
    "hardware": {"cpu": "EPYC"},
}
NEW: dict[str, Any] = {
    "packages": {"torch": "2.14.1", "ray": "2.61.0"},
    "hardware": {"cpu": "EPYC"},
}
MISSING = tuple((name, "not installed") for name in PACKAGES[1:])


def test_only_what_does_arithmetic_counts() -> None:
    assert arithmetic_of(OLD) == (("torch", "2.13.0"), *MISSING, ("processor", "EPYC"))
    assert arithmetic_of({"packages": [], "hardware": None}) == ()


def test_a_study_continued_with_another_torch_says_so() -> None:
    (note,) = change_notes([OLD, OLD], NEW)
    assert note.startswith("note: this launch computes with torch 2.14.1 (before: 2.13.0). ")
    (note,) = change_notes([OLD, NEW], {**NEW, "hardware": {"cpu": "Xeon"}})
    assert "torch 2.14.1 (before: 2.13.0); processor Xeon (before: EPYC)" in note


def test_the_same_arithmetic_and_an_unknown_one_say_nothing() -> None:
    assert change_notes([], NEW) == []
    assert change_notes([NEW, {**NEW, "packages": {"torch": "2.14.1", "ray": "2.59.0"}}], NEW) == []
    assert change_notes([{"name": "001"}], NEW) == []


def test_a_solver_that_comes_or_goes_is_a_change() -> None:
    faster = {**NEW, "packages": {**NEW["packages"], "scikit-learn-intelex": "2026.2.0"}}
    (note,) = change_notes([NEW], faster)
    assert "scikit-learn-intelex 2026.2.0 (before: not installed)" in note
    (note,) = change_notes([faster], NEW)
    assert "scikit-learn-intelex not installed (before: 2026.2.0)" in note


def test_other_code_was_accepted_and_is_no_news() -> None:
    old, new = ({**NEW, CODE: {"sha256": letter * 16, "files": {}}} for letter in "ab")
    assert [dict(arithmetic_of(record))[CODE] for record in (old, new)] == ["a" * 16, "b" * 16]
    assert change_notes([old], new) == []
