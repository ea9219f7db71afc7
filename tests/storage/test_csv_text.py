"""CSV that a spreadsheet reads as data."""

from __future__ import annotations

import csv
import io

import pytest

from tune_app.storage.csv_text import csv_text, safe_cell


def test_texts_are_no_formulas_and_numbers_are_numbers() -> None:
    text = csv_text(["image", "=class"], [["=cmd|' /C calc'!A0.png", -0.5], ["a,b", None]])
    assert list(csv.reader(io.StringIO(text))) == [
        ["image", "'=class"],
        ["'=cmd|' /C calc'!A0.png", "-0.5"],
        ["a,b", ""],
    ]


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1", "-1+cmd()", "-", "--5", "-1;=1", "-٣"])
def test_what_begins_a_formula_is_text(text: str) -> None:
    assert safe_cell(text).lstrip().startswith("'")


@pytest.mark.parametrize("value", ["-5", "-0.5", "-.5", "-1e-5", -5, 0.1, None, True])
def test_negative_numbers_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == value
