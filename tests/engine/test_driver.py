"""How many trials Tune keeps waiting."""

from __future__ import annotations

import os

import pytest

from tune_app.engine.driver import _max_waiting

NAME = "TUNE_MAX_PENDING_TRIALS_PG"


@pytest.mark.parametrize(
    ("num_at_once", "num_waiting"), [(1, 8), (64, 8), (400, 50), (1_000, 125), (9_999, 128)]
)
def test_a_larger_cluster_is_filled_by_more_at_a_time(
    monkeypatch: pytest.MonkeyPatch, num_at_once: int, num_waiting: int
) -> None:
    monkeypatch.setenv(NAME, "")
    monkeypatch.delenv(NAME)
    assert _max_waiting(num_at_once) == num_waiting
    assert os.environ[NAME] == str(num_waiting), "Tune has to keep as many"


@pytest.mark.parametrize(("value", "num_waiting"), [("20", 20), ("auto", 1)])
def test_a_number_of_the_user_counts(
    monkeypatch: pytest.MonkeyPatch, value: str, num_waiting: int
) -> None:
    monkeypatch.setenv(NAME, value)
    assert _max_waiting(1_000) == num_waiting
    assert os.environ[NAME] == value
