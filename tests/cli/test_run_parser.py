"""The help of ``tune-app run``: grouped, readable at 80 columns, a default and an example each."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tune_app.cli.run_options import OPTIONS
from tune_app.cli.run_parser import GROUPS, build_parser


def test_every_option_is_in_one_group() -> None:
    counts = Counter(flag for flags in GROUPS.values() for flag in flags)
    assert counts == Counter(OPTIONS.keys())


@pytest.mark.parametrize("flag", OPTIONS)
def test_every_option_says_its_default_and_has_an_example(flag: str) -> None:
    settings = OPTIONS[flag]
    assert re.search(r"\((default: .|required)", settings["help"]), flag
    takes_value = settings.get("action") != "store_true"
    assert not takes_value or "e.g. " in settings["help"], flag


def test_the_help_fits_into_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = build_parser().format_help().splitlines()
    assert max(map(len, lines)) < 80 and len(lines) > 100
    assert lines[0].endswith("--space NAME|FILE.py [option ...]") and lines[1] == ""
    titles = [line.removesuffix(":") for line in lines if re.fullmatch(r"[a-z].*:", line)]
    assert titles == ["options", *GROUPS]
    broken = [line for line in lines if re.search(r"\s--?[a-z-]*-$", line)]
    assert not broken, "an option is broken at a hyphen"
