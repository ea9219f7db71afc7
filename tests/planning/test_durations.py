"""Durations as people write and read them."""

from __future__ import annotations

import pytest

from search_spaces.errors import UserError
from tune_app.planning.durations import (
    format_age,
    format_estimate,
    format_seconds,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("1m5s", 65)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text, "--budget") == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "0m", "-5m", "5m1h", "1.5h", "١m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^--option .*not a duration; allowed: 90s, 10m"):
        parse_duration(text, "--option")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.4, "0 s"), (59.4, "59 s"), (59.5, "1 min 00 s"), (60, "1 min 00 s")),
        *((61, "1 min 01 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min"), (7500, "2 h 05 min")),
    ],
)
def test_durations_are_written(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_estimates_have_no_seconds_beside_many_minutes() -> None:
    texts = [format_estimate(s) for s in (599.4, 600, 3209, 3599.7, 12_660)]
    assert texts == [
        "about 9 min 59 s",
        "about 10 min",
        "about 53 min",
        "about 1 h 00 min",
        "about 3 h 31 min",
    ]


def test_long_durations_have_days() -> None:
    hour = 3600
    assert format_seconds(47 * hour + 60) == "47 h 01 min"
    assert format_seconds(48 * hour - 1) == "47 h 59 min"
    assert format_seconds(48 * hour) == "2 days 0 h"
    assert format_seconds(53 * hour) == "2 days 5 h"
    assert format_age(47 * hour) == "47 h 00 min ago"
    assert format_age(331.5 * 24 * hour) == "331 days ago"
    assert format_age(-3.0) == "0 s ago"  # the clock of another machine
