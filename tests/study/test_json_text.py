from __future__ import annotations

import json
import math

import pytest
from hypothesis import given

from tests.refusals import FEW, JSON_VALUES
from tune_app.study.json_text import MOST_LEVELS, parse_json


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_numbers_fit_64_bits() -> None:
    assert parse_json("[9223372036854775807, -9223372036854775808]") == [2**63 - 1, -(2**63)]
    assert parse_json("[9223372036854775808, 1]") == [float(2**63), 1]
    assert parse_json("9" * 5000) == math.inf
    assert math.isnan(parse_json("NaN"))


def test_text_can_be_encoded() -> None:
    assert parse_json(r'{"\ud83d\ude00": "\ud83d"}') == {"\N{GRINNING FACE}": "?"}
    assert parse_json(r'"a\uDC00b"') == "a?b"


def test_nesting_is_limited() -> None:
    assert parse_json(nested(MOST_LEVELS))
    for levels in (MOST_LEVELS + 1, 900, 100_000):
        with pytest.raises(ValueError, match=f"deeper than {MOST_LEVELS}"):
            parse_json(nested(levels))
    with pytest.raises(ValueError, match="deeper"):
        parse_json('{"a":' * 70 + "1" + "}" * 70)
    assert len(parse_json("[" + "[]," * 500 + "[]]")) == 501, "wide is not deep"


@FEW
@given(value=JSON_VALUES)
def test_any_value_is_refused_or_fits(value: object) -> None:
    try:
        parsed = parse_json(json.dumps(value))
    except ValueError:
        return
    text = json.dumps(parsed, ensure_ascii=False).encode()
    assert parse_json(text.decode()) == parsed or "NaN" in text.decode()
