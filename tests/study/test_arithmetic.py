"""What a launch computes with, and the note where that has changed."""

from __future__ import annotations

from tune_app.study.arithmetic import arithmetic_of, change_notes

OLD = {"packages": {"torch": "2.13.0", "ray": "2.60.0"}, "hardware": {"cpu": "EPYC"}}
NEW = {"packages": {"torch": "2.14.1", "ray": "2.61.0"}, "hardware": {"cpu": "EPYC"}}


def test_only_what_does_arithmetic_counts() -> None:
    assert arithmetic_of(OLD) == (("torch", "2.13.0"), ("processor", "EPYC"))
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
