"""Values on the command line get the type of their parameter."""

from __future__ import annotations

from typing import Any

import pytest

from search_spaces.errors import UserError
from tune_app.planning.typed_values import (
    given_values,
    joined,
    parse_point,
    parse_values,
    parts_of,
    typed_value,
)


@pytest.mark.parametrize(
    ("text", "known", "value"),
    [
        ("1e-3", [0.1, 0.01], 0.001),
        ("1", [0.1, 0.01], 1.0),
        ("16", [16, 32], 16),
        ("1e3", [16, 32], 1000),
        ("0.9", [0], 0.9),  # a constant 0 may well be meant as a number
        ("10", [0.1, 1, 10, 100], 10),
        ("true", [False, True], True),
        ("False", [False, True], False),
        ("adam", ["sgd"], "adam"),
        ("1", ["a", "b"], "1"),
        ("scale", ["scale", 0.1], "scale"),
        ("0.01", ["scale", 0.1], 0.01),
        ("None", [None, 3], None),
        ("none", ["none", "shift"], "none"),
        ("None", ["None"], "None"),
        ("7", [None], 7),
        ("x", [None], "x"),
        ("True", [None], True),
    ],
)
def test_a_text_becomes_a_value_of_the_parameters_type(
    text: str, known: list[Any], value: Any
) -> None:
    found = typed_value("--set x", text, known)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "known", "allowed"),
    [
        ("abc", [0.1], "--set x=abc: allowed: a number"),
        ("nan", [0.1], "--set x=nan: allowed: a number"),
        ("9" * 310, [1], f"--set x={'9' * 310}: allowed: a number"),
        ("1", [True], "--set x=1: allowed: true or false"),
        ("maybe", [True, 3], "--set x=maybe: allowed: true or false or a number"),
    ],
)
def test_another_type_is_refused(text: str, known: list[Any], allowed: str) -> None:
    with pytest.raises(UserError) as raised:
        typed_value("--set x", text, known)
    assert str(raised.value) == allowed


def test_parts_with_commas_stand_in_quotes() -> None:
    assert parse_values("--set", 'a=1, "x,y",z') == ("a", ("1", "x,y", "z"))
    assert parse_point("--add", '"a=x,y",b=2') == (("a", "x,y"), ("b", "2"))
    for parts in (["1", "x,y", 'q"'], ["a b"], ["0.001"]):
        assert parts_of(joined(parts)) == parts
    assert parts_of(joined([None, True, 0.1])) == ["None", "True", "0.1"]


@pytest.mark.parametrize("text", ["lr", "lr=", "=1", "lr=1,,2", "", "lr=1\n2"])
def test_what_names_no_value_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="allowed: NAME=VALUE or NAME=VALUE,VALUE"):
        parse_values("--set", text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("lr=1,2", "so repeat the option"),
        ("lr=1,lr=2", "lr is named twice"),
        ("lr=", "allowed: NA"),
    ],
)
def test_what_is_no_point_is_refused(text: str, part: str) -> None:
    with pytest.raises(UserError, match=part):
        parse_point("--add", text)


def test_a_parameter_is_set_once() -> None:
    assert given_values("--set", ["a=1", "b=2,3"]) == {"a": ("1",), "b": ("2", "3")}
    with pytest.raises(UserError, match=r"a is named twice; write .*, as in --set a=1,2"):
        given_values("--set", ["a=1", "a=2"])
