"""Seeds as people write them, and the names that a study may have."""

from __future__ import annotations

import pytest

from search_spaces.errors import UserError
from tune_app.cli.arguments import check_study_name, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0", (0,)), ("0-3", (0, 1, 2, 3)), ("7,1,1", (1, 7)), ("0-1, 5", (0, 1, 5))],
)
def test_seeds_are_read(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["x", "", "-1", "3-1", "0-99999", "1.5", "1,,2", "²"])
def test_what_are_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--seeds"):
        parse_seeds(text)


@pytest.mark.parametrize("name", ["q1a", "Q1a-1h", "2026_11.a", "x" * 64])
def test_a_plain_name_is_taken(name: str) -> None:
    assert check_study_name(name) == name


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "x" * 65, "a b", "ä"])
def test_a_name_that_is_no_plain_directory_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="use letters, digits"):
        check_study_name(name)
