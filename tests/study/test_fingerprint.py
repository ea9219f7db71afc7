"""The fingerprint of a study's data: equal for the same items and split, and for them alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledgers import DATA
from tune_app.study.fingerprint import data_fingerprint

ENTRY = {"num_images": 100, "sha256": {"a": "1", "b": "2"}}
BOTH = {**DATA, "datasets": {"mnist": ENTRY}}


@pytest.mark.parametrize(
    "change",
    [
        {"split_seed": 1},
        {"vary_split": True},
        {"datasets": {"mnist": ENTRY | {"num_images": 99}}},
        {"datasets": {"mnist": ENTRY | {"sha256": {"a": "1", "b": "3"}}}},
        {"datasets": {"mnist": ENTRY | {"sha256": {"a": "1"}}}},
    ],
)
def test_other_items_or_another_split_have_another(change: dict[str, Any]) -> None:
    assert data_fingerprint({**BOTH, **change}, "mnist") != data_fingerprint(BOTH, "mnist")


@pytest.mark.parametrize(
    "change",
    [
        {"vary_split": False},
        {"source": "full", "num_images": None},
        {"datasets": {"mnist": ENTRY | {"sha256": {"x": "2", "y": "1"}}, "another": ENTRY}},
    ],
)
def test_where_the_files_are_and_what_else_there_is_does_not_matter(change: dict[str, Any]) -> None:
    assert data_fingerprint({**BOTH, **change}, "mnist") == data_fingerprint(BOTH, "mnist")


def test_there_is_none_without_a_data_set() -> None:
    assert data_fingerprint(BOTH, None) is data_fingerprint(BOTH, "fashion_mnist") is None
